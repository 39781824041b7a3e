// SPDX-License-Identifier: Apache-2.0
// ChatWorker: the thread, its loop, and the parts that live on it.
#include "app/chat_worker.h"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <utility>

#include <spdlog/logger.h>

#include "app/compress/read_scores.h"
#include "app/context/compactor.h"
#include "app/context/document_pruner.h"
#include "app/context/memory_desk.h"
#include "app/context/pruned_port.h"
#include "app/conversation_desk.h"
#include "app/documents/compressing_shortener.h"
#include "app/documents/document_desk.h"
#include "app/documents/embedder.h"
#include "app/mailbox.h"
#include "app/model_keeper.h"
#include "app/read_ahead.h"
#include "app/title_maker.h"
#include "app/turn_records.h"
#include "app/turn_runner.h"

namespace tendril::app {

namespace {

constexpr storage::TimeMs kTrashDays = 30;
constexpr storage::TimeMs kDayMs = 24LL * 60 * 60 * 1000;

/// What makes engines of their own for scoring and for embedding.
ScorerKeeper::MakeEngine real_unless(const ScorerKeeper::MakeEngine& given,
                                     std::shared_ptr<spdlog::logger> log) {
    return given ? given : [log = std::move(log)] { return make_engine_port(log); };
}

}  // namespace

void WorkerLink::report(const Error& error, ConversationId about) const {
    log->warn("{} ({})", error.message, error.detail);
    notice(error.message, about);
}

/// Everything that lives on the worker's thread. Destroyed in the opposite order: jobs end before the engine
/// and the store.
struct ChatWorker::Core {
    Core(ChatWorker& worker, const Sink& sink, std::unique_ptr<storage::ChatStore> opened)
        : store(std::move(opened)),
          engine(*worker.engine_,
                 [this, mailbox = worker.mailbox_](std::uint64_t owner) {
                     mailbox->put([this, owner] { pruner.lost(static_cast<ConversationId>(owner)); });
                 }),
          link{engine,
               *store,
               worker.mailbox_,
               jobs,
               sink,
               worker.log_,
               worker.options_.settings,
               worker.options_.journal_interval,
               worker.options_.cache_directory,
               worker.options_.measurements,
               worker.options_.power_supplies,
               worker.options_.measure_at_load},
          models(link, worker.options_.load_marker),
          turns(link, models),
          ahead(link, models),
          titles(link, models),
          compressions(link, models, real_unless(worker.options_.make_scorer, worker.log_)),
          read_scores(link, models, compressions),
          compactor(link, models, compressions),
          pruner(link, models, engine),
          memory(link, models, compactor, pruner),
          shortener(link, compressions),
          embedder(link, real_unless(worker.options_.make_embedding_engine, worker.log_)),
          documents(link, models),
          desk(link, turns, models, ahead, titles, documents) {
        turns.preparation = &documents;
        ahead.scores = &read_scores;
        compactor.scores = &read_scores;
        documents.shortener = &shortener;
        documents.embedder = &embedder;
        documents.on_draft = [this] { ahead.typed(); };
        models.on_change = [this] { model_changed(); };
        turns.on_begin = [this] {
            ahead.stop();
            titles.stop();
            compactor.stop();
            pruner.stop();
        };
        turns.on_writing = [this](bool writing) { compressions.person_waits(writing); };
        turns.on_end = [this](const auto& tree, const storage::Message& reply) {
            titles.answered(tree, reply);
            compactor.consider(tree);
            pruner.consider(tree);
            memory.tell_marks();
        };
        turns.on_window = [this](const auto&) { memory.tell_marks(); };
        turns.moved_memory = [this](ConversationId id, auto prompt) { return compactor.moved(id, prompt); };
        turns.make_room = [this](const auto& tree, MessageId question) {
            compactor.make_room(tree, question);
        };
        ahead.on_read = [this](const auto& tokens) {
            turns.has_read(tokens);
            compactor.has_read(tokens);
            pruner.has_read(tokens);
        };
        compactor.on_read = [this](const auto& tokens) {
            turns.has_read(tokens);
            ahead.refresh();
        };
        pruner.on_read = [this](const auto& tokens) {
            turns.has_read(tokens);
            compactor.has_read(tokens);
            ahead.refresh();
        };
        pruner.on_changed = [this] {
            memory.tell_marks();
            ahead.refresh();
        };
        compactor.on_changed = [this](const auto&) { memory.tell_marks(); };
        memory.on_changed = [this] { ahead.refresh(); };
        desk.on_shown = [this](const auto& tree) {
            memory.show(tree);
            if (link.settings.read_ahead) {
                compactor.consider(tree);
            }
        };
        desk.on_forget = [this](ConversationId id) {
            compactor.forget(id);
            pruner.forget(id);
        };
        models.on_hash = [this] { turns.hash_known(); };
    }

    std::optional<Clock::time_point> due() const {
        auto a = turns.due();
        for (const auto& other : {desk.due(), ahead.due(), documents.due()}) {
            a = a && other ? std::min(*a, *other) : (a ? a : other);
        }
        return a;
    }
    void model_changed() {
        compressions.model_changed();
        documents.model_changed();
        if (models.ready()) {
            desk.forget_kept(purged);
            purged.clear();
            ahead.refresh();
        } else {
            titles.stop();
            ahead.cancelled();
        }
        compactor.model_changed();
        pruner.model_changed();
        memory.tell_marks();
        turns.model_changed();
    }
    void tick() {
        const auto now = Clock::now();
        turns.tick(now);
        desk.tick(now);
        documents.tick(now);
        embedder.person_waits(turns.busy());
        if (!turns.busy()) {
            ahead.rest();
            ahead.tick(now);
            if (ahead.idle()) {
                titles.work();
                documents.work();
                compactor.work();
                if (compactor.idle()) {
                    pruner.work();
                }
            }
        }
        if (reload_from && !turns.busy()) {
            const WorkerSettings before = std::move(*reload_from);
            reload_from.reset();
            models.apply_settings(before);
        }
    }
    void apply(WorkerSettings settings) {
        if (!reload_from) {
            reload_from = link.settings;  // the model is loaded again when no answer is being written
        }
        link.settings = std::move(settings);
        pruner.settings_changed();
    }
    void ask_cache(bool cleared) {
        link.engine.cache_state([this, cleared, mailbox = link.mailbox](engine::CacheState state) {
            mailbox->put([this, cleared, state = std::move(state)] {
                link.emit(CacheChanged{state, cleared});
            });
        });
    }
    void clear_cache() {
        link.engine.clear_cache([this, mailbox = link.mailbox](const Status& done) {
            mailbox->put([this, done] {
                if (!done) {
                    link.report(done.error());
                }
                turns.cache_cleared();
                compactor.cache_cleared();
                compressions.known()->clear();
                pruner.cache_cleared();
                ahead.refresh();
                ask_cache(done.has_value());
            });
        });
    }
    void end() {
        desk.write_draft();
        turns.finish_all();
        models.end();
    }

    std::unique_ptr<storage::ChatStore> store;
    JobThread jobs;
    PrunedPort engine;
    WorkerLink link;
    ModelKeeper models;
    TurnRunner turns;
    ReadAhead ahead;
    TitleMaker titles;
    Compressions compressions;
    ReadScores read_scores;
    Compactor compactor;
    DocumentPruner pruner;
    MemoryDesk memory;
    CompressingShortener shortener;
    Embedder embedder;
    DocumentDesk documents;
    ConversationDesk desk;
    std::vector<ConversationId> purged;  // conversations that the engine has not been told to forget
    std::optional<WorkerSettings> reload_from;
};

ChatWorker::ChatWorker(ChatWorkerOptions options, std::unique_ptr<EnginePort> engine,
                       std::shared_ptr<spdlog::logger> log)
    : ChatWorker(std::move(options), std::move(engine), std::move(log), &storage::ChatStore::open) {}

ChatWorker::ChatWorker(ChatWorkerOptions options, std::unique_ptr<EnginePort> engine,
                       std::shared_ptr<spdlog::logger> log, StoreOpener opener)
    : options_(std::move(options)),
      engine_(std::move(engine)),
      log_(std::move(log)),
      opener_(std::move(opener)),
      mailbox_(std::make_shared<Mailbox>()) {}

ChatWorker::~ChatWorker() {
    if (thread_.joinable()) {
        mailbox_->put([this] { ended_ = true; });
        thread_.join();
    }
}

void ChatWorker::run(Sink sink) {
    thread_ = std::thread([this, sink = std::move(sink)] { main(sink); });
}

Result<std::unique_ptr<storage::ChatStore>> ChatWorker::open_store(const Sink& sink) {
    storage::OpenReport report;
    auto store = opener_(options_.database, report);
    if (!store && options_.allow_temporary) {
        sink(Notice{store.error().message, true});
        log_->error("database: {} ({})", store.error().message, store.error().detail);
        std::string folder = (std::filesystem::temp_directory_path() / "tendril-XXXXXX").string();
        if (mkdtemp(folder.data()) != nullptr) {
            const auto file = std::filesystem::path(folder) / "chats.db";
            store = opener_(file, report);
            // The pages on the disk belong to the conversations that cannot be opened: they stay theirs.
            options_.cache_directory.clear();
            if (store) {
                sink(Notice{"The conversations of this session are kept in " + file.string() + " only.",
                            true});
            }
        }
    }
    for (std::string& notice : report.notices) {
        log_->warn("database: {}", notice);
        sink(Notice{std::move(notice), true});
    }
    return store;
}

void ChatWorker::main(const Sink& sink) {
    std::optional<Core> core;
    auto store = open_store(sink);
    if (store) {
        core.emplace(*this, sink, std::move(*store));
        core_ = &*core;
        if (const auto purged = core->store->purge_deleted(wall_clock_ms() - kTrashDays * kDayMs); !purged) {
            log_->warn("trash not emptied: {}", purged.error().detail);
        } else {
            core->purged = *purged;
        }
    } else {
        log_->error("database: {} ({})", store.error().message, store.error().detail);
        sink(WorkerEnded{store.error().message});
    }
    while (!ended_) {
        if (auto task = mailbox_->take(core ? core->due() : std::nullopt)) {
            (*task)();
        }
        if (core) {
            core->tick();
        }
    }
    if (core) {
        core->end();
    }
    core_ = nullptr;
    core.reset();
    engine_.reset();
}

void ChatWorker::post(std::function<void(Core&)> command) {
    mailbox_->put([this, command = std::move(command)] {
        if (core_ != nullptr) {
            command(*core_);
        }
    });
}

void ChatWorker::open_last() {
    post([](Core& core) {
        core.desk.list();
        core.desk.open_last();
    });
}
void ChatWorker::open_new() {
    post([](Core& core) { core.desk.open_new(); });
}
void ChatWorker::open(ConversationId id) {
    post([id](Core& core) { core.desk.open(id); });
}
void ChatWorker::rename(ConversationId id, std::string title) {
    post([id, title = std::move(title)](Core& core) { core.desk.rename(id, title); });
}
void ChatWorker::trash(ConversationId id) {
    post([id](Core& core) { core.desk.trash(id); });
}
void ChatWorker::restore(ConversationId id) {
    post([id](Core& core) { core.desk.restore(id); });
}
void ChatWorker::export_to(ConversationId id, std::filesystem::path file, bool json) {
    post([id, file = std::move(file), json](Core& core) { core.desk.export_to(id, file, json); });
}
void ChatWorker::set_system_prompt(std::string text) {
    post([text = std::move(text)](Core& core) {
        core.desk.set_system_prompt(text);
        core.memory.tell_marks();
    });
}
void ChatWorker::set_private(bool is_private) {
    post([is_private](Core& core) { core.desk.set_private(is_private); });
}
void ChatWorker::set_answer_mode(storage::AnswerMode mode) {
    post([mode](Core& core) { core.desk.set_answer_mode(mode); });
}
void ChatWorker::search(std::string words) {
    post([words = std::move(words)](Core& core) { core.desk.search(words); });
}
void ChatWorker::send(std::string text) {
    post([text = std::move(text)](Core& core) { core.desk.send(text); });
}
void ChatWorker::stop() {
    post([](Core& core) { core.desk.stop(); });
}
void ChatWorker::retry(MessageId message) {
    post([message](Core& core) { core.desk.retry(message, false); });
}
void ChatWorker::retry_normally(MessageId message) {
    post([message](Core& core) { core.desk.retry(message, true); });
}
void ChatWorker::edit(MessageId message, std::string text) {
    post([message, text = std::move(text)](Core& core) { core.desk.edit(message, text); });
}
void ChatWorker::continue_reply(MessageId message) {
    post([message](Core& core) { core.desk.continue_reply(message); });
}
void ChatWorker::show_version(MessageId message, int version) {
    post([message, version](Core& core) { core.desk.show_version(message, version); });
}
void ChatWorker::save_draft(std::string text) {
    post([text = std::move(text)](Core& core) { core.desk.save_draft(text); });
}
void ChatWorker::load(std::filesystem::path path) {
    post([path = std::move(path)](Core& core) { core.models.load(path); });
}
void ChatWorker::autoload(std::filesystem::path path) {
    post([path = std::move(path)](Core& core) { core.models.autoload(path); });
}
void ChatWorker::cancel_load() {
    post([](Core& core) { core.models.cancel(); });
}
void ChatWorker::describe(std::vector<std::filesystem::path> paths,
                          std::vector<std::filesystem::path> folders) {
    post([paths = std::move(paths), folders = std::move(folders)](Core& core) {
        core.models.describe(paths, folders);
    });
}
void ChatWorker::ask_cache() {
    post([](Core& core) { core.ask_cache(false); });
}
void ChatWorker::clear_cache() {
    post([](Core& core) { core.clear_cache(); });
}
void ChatWorker::attach_files(std::vector<std::filesystem::path> paths) {
    post([paths = std::move(paths)](Core& core) { core.desk.attach(paths); });
}
void ChatWorker::remove_document(DocumentId document) {
    post([document](Core& core) { core.desk.remove_document(document); });
}
void ChatWorker::set_document_choice(DocumentId document, storage::AttachmentChoice choice) {
    post([document, choice](Core& core) { core.desk.set_document_choice(document, choice); });
}
void ChatWorker::set_memory(MessageId message, storage::MessageMemory memory) {
    post([message, memory](Core& core) { core.memory.set_memory(message, memory); });
}
void ChatWorker::restore_full_text(std::int64_t representation) {
    post([representation](Core& core) { core.memory.restore_full_text(representation); });
}
void ChatWorker::shorten_now() {
    post([](Core& core) { core.memory.shorten_now(); });
}
void ChatWorker::cancel_memory_work() {
    post([](Core& core) {
        core.compactor.cancel();
        core.pruner.cancel();
    });
}
void ChatWorker::apply(WorkerSettings settings) {
    post([settings = std::move(settings)](Core& core) { core.apply(settings); });
}

}  // namespace tendril::app
