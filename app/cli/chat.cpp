// SPDX-License-Identifier: Apache-2.0
// tendril-cli chat: the window's chat without the window, over the same worker and database. Main thread.
#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/chat_worker.h"
#include "app/cli/attachments.h"
#include "app/cli/chat_events.h"
#include "app/cli/interrupt.h"
#include "app/cli/line_reader.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/event_queue.h"
#include "app/file_lock.h"
#include "app/log.h"
#include "engine/text/utf8_stream.h"

namespace tendril::app::cli {
namespace {

struct ChatOptions {
    std::string model;
    std::string database;
    ConversationId conversation = 0;
    bool fresh = false;
    bool go_on = false;
    std::string system_prompt;
    std::optional<storage::AnswerMode> expand;
    std::uint32_t most_tokens = 0;
    std::string memory = "off";  ///< how old turns are shortened
    prompt::context::Thresholds thresholds;
    bool at_once = false;  ///< turns do not wait for work on the memory
    double prune_kv = 0;   ///< share of keys; 0: documents are not pruned
    int journal_ms =
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(kJournalInterval).count());
    std::vector<std::string> attached;  // FILE or FILE:choice
    std::string embedding_model;
    SamplerOptions sampling;
    Common common;
};

/// After a signal: for the answer to be closed and printed.
constexpr auto kTimeToEnd = std::chrono::milliseconds(600);

/// The main thread's side of a chat: prints what comes, until what it waits for has come.
class Chat {
  public:
    Chat(bool json, const Interrupt& interrupt) : json_(json), interrupt_(interrupt) {}

    EventQueue& events() { return events_; }
    bool open() const { return open_; }
    const std::string& error() const { return error_; }
    const std::optional<ConversationShown>& shown() const { return shown_; }
    bool turn_failed() const { return turn_failed_; }
    bool refused() const { return refused_; }  ///< the newest turn was not sent
    const std::vector<DraftDocument>& documents() const { return documents_; }
    /// A turn of the user that no disk has; it is only here.
    const std::optional<std::string>& unsaved() const { return unsaved_; }

    /// Prints events until `end` is true for one; false when the worker cannot go on, or a signal came and
    /// what it ends has had its time.
    template <typename End>
    bool until(End end) {
        while (open_ && error_.empty()) {
            while (!waiting_.empty()) {
                const WorkerEvent event = std::move(waiting_.front());
                waiting_.pop_front();
                tell(event);
                if (end(event)) {
                    return true;
                }
            }
            if (!open_ || !error_.empty()) {
                break;  // nothing more may come
            }
            if (interrupt_.asked() && !leave_at_) {
                leave_at_ = EventQueue::Clock::now() + kTimeToEnd;
            }
            if (leave_at_ && EventQueue::Clock::now() >= *leave_at_) {
                break;
            }
            for (WorkerEvent& event : events_.wait(leave_at_)) {
                waiting_.push_back(std::move(event));
            }
        }
        return false;
    }
    bool turn_ended() {
        return until([](const WorkerEvent& event) { return std::holds_alternative<TurnEnded>(event); });
    }
    /// Behind turn_ended(), so many works on the memory: a pipe types faster than idle time comes.
    bool memory_rests(int works) {
        return works == 0 || until([&works](const WorkerEvent& event) {
                   const auto* work = std::get_if<MemoryWork>(&event);
                   works -= work != nullptr && !work->running ? 1 : 0;
                   return works == 0;
               });
    }
    /// The same of a turn that is `text`, which may be refused: then it is the draft again. The notice has
    /// said why.
    bool turn_ended(const std::string& text) {
        return until([&](const WorkerEvent& event) {
            const auto* shown = std::get_if<ConversationShown>(&event);
            const bool refused = shown != nullptr && shown->conversation.draft == text;
            if (refused && json_ && !last_notice_.empty()) {
                say(last_notice_);  // otherwise it was said when it came
            }
            refused_ = refused;
            turn_failed_ = turn_failed_ || refused;
            return refused || std::holds_alternative<TurnEnded>(event);
        });
    }

  private:
    void tell(const WorkerEvent& event) {
        if (const auto* ended = std::get_if<WorkerEnded>(&event)) {
            error_ = ended->error;
        } else if (const auto* shown = std::get_if<ConversationShown>(&event)) {
            shown_ = *shown;
        } else if (const auto* drafted = std::get_if<DraftDocuments>(&event)) {
            documents_ = drafted->documents;
        } else if (const auto* added = std::get_if<MessageAdded>(&event)) {
            if (added->message.message.role == storage::Role::user) {
                unsaved_ =
                    added->message.message.id > 0 ? std::nullopt : std::optional(added->message.message.text);
            }
        } else if (const auto* notice = std::get_if<Notice>(&event)) {
            last_notice_ = notice->text;
        } else if (const auto* turn = std::get_if<TurnEnded>(&event)) {
            if (turn->message.status == storage::MessageStatus::failed) {
                turn_failed_ = true;
                say(turn->message.error.empty() ? "The turn failed." : turn->message.error);
            }
        }
        if (json_) {
            if (const auto line = to_json(event)) {
                open_ = print_json(*line) && open_;
            }
            return;
        }
        if (const auto* notice = std::get_if<Notice>(&event)) {
            say(notice->text);
        }
        if (const std::string text = text_.of(event); !text.empty()) {
            open_ = print(text) && open_;
        }
    }

    bool json_;
    ChatText text_;
    const Interrupt& interrupt_;
    std::optional<EventQueue::Clock::time_point> leave_at_;  // after a signal
    bool turn_failed_ = false;
    bool refused_ = false;
    std::string last_notice_;
    std::optional<std::string> unsaved_;
    EventQueue events_;
    std::deque<WorkerEvent> waiting_;
    std::optional<ConversationShown> shown_;
    std::vector<DraftDocument> documents_;  // of the draft
    bool open_ = true;                      // stdout
    std::string error_;
};

ChatWorkerOptions worker_options(const ChatOptions& options) {
    ChatWorkerOptions worker;
    worker.database = options.database;
    worker.cache_directory = options.common.cache_directory;
    worker.journal_interval = std::chrono::milliseconds(options.journal_ms);
    const engine::LoadOptions load = options.common.load_options(options.model);
    worker.settings.system_prompt = options.system_prompt;
    worker.settings.sampler = options.sampling.sampler;
    worker.settings.fixed_seed = options.sampling.seed_given;
    worker.settings.answer_mode = options.expand.value_or(storage::AnswerMode::never);
    worker.settings.max_answer_tokens = options.most_tokens;
    worker.settings.embedding_model = options.embedding_model;
    worker.settings.shorten_memory = options.memory != "off";
    if (worker.settings.shorten_memory) {
        worker.settings.memory_method = options.memory;
    }
    worker.settings.shorten_thresholds = options.thresholds;
    worker.settings.prune_documents = options.prune_kv > 0;
    worker.settings.prune_keep = options.prune_kv;
    worker.measure_at_load = options.expand == storage::AnswerMode::automatic;
    worker.settings.threads = load.threads;
    worker.settings.context = load.context;
    worker.settings.device = load.device;
    worker.settings.kv = load.kv;
    return worker;
}

/// The reply to go on with: the last message shown, if it was cut.
std::optional<MessageId> cut_reply(const Chat& chat) {
    if (!chat.shown() || chat.shown()->messages.empty()) {
        return std::nullopt;
    }
    const storage::Message& last = chat.shown()->messages.back().message;
    const bool cut =
        last.role == storage::Role::assistant && last.status == storage::MessageStatus::interrupted;
    return cut ? std::optional(last.id) : std::nullopt;
}

/// Attaches the files to the next turn and waits until they are read and counted. Empty, or what went wrong.
std::string attach(Chat& chat, ChatWorker& worker, const std::vector<std::string>& attached) {
    std::vector<std::filesystem::path> paths;
    std::vector<std::optional<storage::AttachmentChoice>> choices;
    for (const std::string& one : attached) {
        const auto [path, choice] = split_attachment(one);
        paths.emplace_back(path);
        choices.push_back(choice);
    }
    const std::size_t before = chat.documents().size();
    worker.attach_files(paths);
    const auto ready = [&](const WorkerEvent&) {
        const auto& now = chat.documents();
        return now.size() >= before + paths.size() &&
               std::all_of(now.begin() + static_cast<std::ptrdiff_t>(before), now.end(),
                           [](const DraftDocument& one) { return !one.error.empty() || one.tokens > 0; });
    };
    if (!chat.until(ready)) {
        return chat.error().empty() ? "Cancelled." : chat.error();
    }
    const std::vector<DraftDocument> read(chat.documents().begin() + static_cast<std::ptrdiff_t>(before),
                                          chat.documents().end());
    for (std::size_t i = 0; i < read.size(); ++i) {
        if (!read[i].error.empty()) {
            return read[i].error;
        }
        if (choices[i] && *choices[i] != read[i].choice) {
            worker.set_document_choice(read[i].id, *choices[i]);
            chat.until([&](const WorkerEvent&) {
                return std::any_of(chat.documents().begin(), chat.documents().end(),
                                   [&](const DraftDocument& one) {
                                       return one.id == read[i].id && one.choice == *choices[i];
                                   });
            });
        }
    }
    return {};
}

/// With the name of the file in front, unless the message has it: the window shows that elsewhere.
std::string about(const std::string& path, const std::string& message) {
    const bool named = message.find(std::filesystem::path(path).filename().string()) != std::string::npos;
    return named ? message : path + ": " + message;
}

int talk(Chat& chat, ChatWorker& worker, const ChatOptions& options, Interrupt& interrupt) {
    if (options.conversation != 0) {
        worker.open(options.conversation);
    } else {
        worker.open_new();
    }
    // A conversation that is not there gives a notice instead. What is said of the file (it was damaged, and
    // a fresh one is in its place) comes before, and the chat goes on.
    bool opened = false;
    chat.until([&](const WorkerEvent& event) {
        opened = std::holds_alternative<ConversationShown>(event);
        const auto* notice = std::get_if<Notice>(&event);
        return opened || (notice != nullptr && !notice->about_file);
    });
    if (!opened) {
        return chat.error().empty() ? failed("The conversation cannot be opened.") : failed(chat.error());
    }
    if (options.expand) {
        worker.set_answer_mode(*options.expand);
    }
    worker.load(options.model);
    std::string model_error;
    chat.until([&](const WorkerEvent& event) {
        const auto* model = std::get_if<ModelChanged>(&event);
        if (model != nullptr && model->status.phase == ModelPhase::failed) {
            model_error = about(options.model, model->status.text);
        } else if (model != nullptr && model->status.phase == ModelPhase::none) {
            model_error = "Cancelled.";
        } else if (model != nullptr && model->status.phase == ModelPhase::ready &&
                   !model->status.text.empty()) {
            say(model->status.text);  // what the model does not do as asked for
        }
        return model != nullptr && model->status.phase != ModelPhase::loading;
    });
    if (!model_error.empty()) {
        return failed(model_error);
    }
    if (options.go_on) {
        const auto reply = cut_reply(chat);
        if (!reply) {
            return failed("The conversation does not end with an answer that was cut.");
        }
        worker.continue_reply(*reply);
        chat.turn_ended();
    }
    if (!options.attached.empty()) {
        if (const std::string error = attach(chat, worker, options.attached); !error.empty()) {
            return failed(error);
        }
    }
    LineReader lines(interrupt.descriptor());
    while (chat.open() && !interrupt.asked()) {
        const auto line = lines.next();
        if (!line) {
            break;
        }
        if (line->find_first_not_of(" \t") == std::string::npos) {
            continue;
        }
        const std::string text = engine::to_valid_utf8(*line);
        worker.send(text);
        const int works =
            options.at_once ? 0 : (options.memory != "off" ? 1 : 0) + (options.prune_kv > 0 ? 1 : 0);
        if (!chat.turn_ended(text) || (!chat.refused() && !chat.memory_rests(works))) {
            break;
        }
    }
    if (interrupt.asked()) {
        if (chat.unsaved()) {
            say("This message could not be saved, as the disk is full: " + *chat.unsaved());
        }
        return failed("Cancelled.");
    }
    if (!chat.error().empty()) {
        return failed(chat.error());
    }
    return chat.turn_failed() ? kFailed : done(chat.open());
}

int run(const ChatOptions& options, Interrupt& interrupt) {
    auto lock = FileLock::try_acquire(lock_file_of(options.database));
    if (!lock) {
        return failed(lock.error());
    }
    if (!*lock) {
        return failed(
            "These conversations are open in Tendril's window or another tendril-cli. Close it, or name "
            "another file with --database.");
    }
    Chat chat(options.common.json, interrupt);
    auto log = make_silent_log();
    ChatWorker worker(worker_options(options), make_engine_port(log), log);
    worker.run([&chat](WorkerEvent event) { chat.events().push(std::move(event)); });
    const Interrupt::Scope scope(interrupt, [&worker, &chat] {
        worker.cancel_load();
        worker.stop();
        chat.events().wake();
    });
    return talk(chat, worker, options, interrupt);
}

}  // namespace

void add_chat(CLI::App& app, Chosen& chosen) {
    auto options = std::make_shared<ChatOptions>();
    CLI::App& command =
        *app.add_subcommand("chat", "A conversation, kept in a database as the window keeps it");
    command.add_option("model", options->model, "GGUF file")->required();
    command.add_option("--database", options->database, "File of conversations; made if it is not there")
        ->required();
    auto* conversation = command.add_option("--conversation", options->conversation, "Go on with this one")
                             ->check(conversation_number());
    command.add_flag("--new", options->fresh, "Begin a new one (also when --conversation is left out)")
        ->excludes(conversation);
    command.add_flag("--continue", options->go_on, "First go on with an answer that was cut")
        ->needs(conversation);
    command.add_option("--system", options->system_prompt, "System prompt of a new conversation");
    command
        .add_option("-n", options->most_tokens,
                    "Most tokens of each answer; 0 = as many as the context holds")
        ->check(CLI::Range(0U, 1U << 24U));
    command
        .add_option_function<std::string>(
            "--expand",
            [options](const std::string& mode) {
                options->expand = mode == "auto"     ? storage::AnswerMode::automatic
                                  : mode == "always" ? storage::AnswerMode::always
                                                     : storage::AnswerMode::never;
            },
            "Whether answers are written as points side by side: auto (where it suits and time is gained, "
            "which is measured first), always, never. Kept with the conversation; a new one begins with "
            "never")
        ->check(CLI::IsMember({"auto", "always", "never"}));
    command
        .add_option(
            "--compress", options->memory,
            "How the oldest messages are shortened for the model when the context becomes full, between "
            "turns: summary (by the model), frequency, selective or llmlingua (words are left out), "
            "leave_out, or off. What you said about how to answer and about yourself stays word for word; "
            "the database keeps the full text")
        ->check(CLI::IsMember({"off", "summary", "frequency", "selective", "llmlingua", "leave_out"}));
    command
        .add_option("--shorten-at", options->thresholds.at,
                    "Share of the context from which on they are shortened")
        ->check(CLI::Range(0.05, 1.0))
        ->capture_default_str();
    command.add_option("--shorten-to", options->thresholds.to, "Share of the context that is aimed at")
        ->check(CLI::Range(0.05, 1.0))
        ->capture_default_str();
    command
        .add_option("--prune-kv", options->prune_kv,
                    "Keep this share of the keys and values of the documents that a conversation begins "
                    "with, where they are attached whole: chosen after an answer, in memory only, said with "
                    "a mark. Models with sliding windows and CUDA keep them whole")
        ->check(CLI::Range(0.05, 1.0));
    command.add_option("--attach", options->attached, kAttachHelp)->check(attachment_name());
    command.add_option("--embedding-model", options->embedding_model,
                       "A GGUF file that compares questions with the parts of searched files by meaning; "
                       "what it has not read in time is found by its words alone");
    command
        .add_flag("--at-once", options->at_once,
                  "Take the next line when an answer has ended, also while the memory is being shortened")
        ->group("");
    command.add_option("--journal-ms", options->journal_ms, "Longest time before a text is written")
        ->check(CLI::Range(0, 1'000'000))
        ->group("");
    command.footer(kChatEventsHelp);
    options->sampling.add_to(command);
    options->common.add_to(command);
    options->common.add_cache_to(command);
    command.callback([options, &chosen] {
        chosen.run = [options](Interrupt& interrupt) { return run(*options, interrupt); };
    });
}

}  // namespace tendril::app::cli
