// SPDX-License-Identifier: Apache-2.0
// Compactor. Chat worker's thread only; the engine's last word on a request comes through the mailbox.
#include "app/context/compactor.h"

#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/composing.h"
#include "app/compress/read_scores.h"
#include "app/power.h"
#include "app/turn_records.h"
#include "resources/prompts/prompts.h"

namespace tendril::app {
namespace {

constexpr const char* kShortening = "The oldest messages are being shortened for the model.";
constexpr const char* kReading = "The model is reading the shortened conversation.";
constexpr double kWriting = 0.7;  // share of the progress

}  // namespace

Compactor::Compactor(WorkerLink& link, ModelKeeper& models, Compressions& compressions)
    : link_(link), models_(models) {
    auto kit = NoteKit::make(resources::memory_json(), resources::skeleton_json());
    if (!kit) {
        link_.log->error("{} ({})", kit.error().message, kit.error().detail);
        return;
    }
    kit_ = std::move(*kit);
    writer_ = std::make_unique<MemoryWriter>(link_, models_, compressions, *kit_);
}
Compactor::~Compactor() = default;

void Compactor::consider(const Tree& tree) {
    if (link_.settings.shorten_memory && kit_) {
        waiting_ = tree;
    }
}

void Compactor::shorten_now(const Tree& tree) {
    if (!models_.ready()) {
        link_.notice("No model is loaded; nothing can be shortened for it.", tree->conversation().id);
    } else if (kit_) {
        waiting_ = tree;
        now_ = true;
    }
}

void Compactor::stop() {
    if (!job_) {
        return;
    }
    waiting_ = waiting_ ? waiting_ : job_->tree;
    now_ = now_ || job_->now;
    writer_->cancel();
    if (job_->reading != 0) {
        link_.engine.cancel(job_->reading);
    }
    end();
}

void Compactor::cancel() {
    stop();
    waiting_.reset();
    now_ = false;
}

void Compactor::changed(const Tree& tree) {
    if (job_ && job_->tree == tree) {
        stop();
        writer_->forget();
    }
    if (const auto* waits = moved_.waiting();
        waits != nullptr && waits->conversation == tree->conversation().id) {
        moved_.clear();
    }
}

void Compactor::forget(ConversationId conversation) {
    if (job_ && job_->tree->conversation().id == conversation) {
        stop();
        writer_->forget();
    }
    if (waiting_ && waiting_->conversation().id == conversation) {
        waiting_.reset();
    }
}

void Compactor::model_changed() {
    if (job_) {
        stop();
    }
    if (writer_) {
        writer_->forget();
    }
    moved_.clear();
}

void Compactor::work() {
    if (!waiting_ || job_ || !models_.ready()) {
        return;
    }
    if (!now_ && !link_.settings.work_on_battery && on_battery(link_.power_supplies)) {
        return;
    }
    const Tree tree = std::exchange(waiting_, nullptr);
    begin(tree, std::exchange(now_, false));
}

void Compactor::begin(const Tree& tree, bool now) {
    job_ = Job{tree, now, 0, ++serial_, {}, 0};
    PromptComposer& composer = models_.composer();
    const auto& leaf = tree->conversation().leaf;
    auto request =
        composer.plan_request(compose_request(*tree, leaf, link_.settings, models_.model().context));
    const auto plan = composer.plan(request);
    const auto next = plan ? composer.next_compaction(request, *plan, link_.settings.shorten_thresholds, now)
                           : std::nullopt;
    if (next) {
        tell(*tree, kShortening, 0);
        MemoryOrder order{tree, std::move(request), *next, plan->short_text, link_.settings.memory_method};
        writer_->start(
            std::move(order),
            [this, serial = serial_](double share) {
                if (job_ && job_->serial == serial) {
                    tell(*job_->tree, kShortening, kWriting * share);
                }
            },
            [this, serial = serial_](Result<MemoryText> text) {
                if (job_ && job_->serial == serial) {
                    made(std::move(text));
                }
            });
        return;
    }
    if (now && !plan) {
        link_.notice(plan.error().message, tree->conversation().id);
    }
    // Of an earlier shortening, what a turn has broken off.
    const auto* waits = moved_.waiting();
    if (waits != nullptr && waits->conversation == tree->conversation().id) {
        if (auto beginning = beginning_of(*tree)) {
            read(std::move(*beginning));
            return;
        }
    }
    end(now && plan ? "There is nothing to shorten: the last two exchanges always stay whole." : "");
}

void Compactor::made(Result<MemoryText> text) {
    if (!text) {
        link_.log->info("not shortened: {} ({})", text.error().message, text.error().detail);
        if (text.error().code != ErrorCode::cancelled) {
            link_.notice("The conversation was not shortened for the model: " + text.error().message,
                         job_->tree->conversation().id);
        }
        end();
        return;
    }
    if (!text->fallback.empty()) {
        link_.notice(text->fallback, job_->tree->conversation().id);
    }
    keep(std::move(*text));
}

void Compactor::keep(MemoryText text) {
    const Tree tree = job_->tree;
    job_->read += text.tokens_read;
    auto before = beginning_of(*tree);
    WrittenPoint notes = std::move(text.notes);
    if (!store(tree, std::move(text))) {
        end();
        return;
    }
    auto beginning = beginning_of(*tree);
    if (before && beginning) {
        moved_.keep({tree->conversation().id, std::move(*before), std::move(notes), *beginning});
    }
    if (on_changed) {
        on_changed(tree);
    }
    if (beginning) {
        read(std::move(*beginning));
    } else {
        end();
    }
}

bool Compactor::store(const Tree& tree, MemoryText text) {
    text.documents.insert(text.documents.begin(), std::move(text.row));
    for (storage::Representation& row : text.documents) {
        auto id = link_.store.add_representation(row);
        if (!id) {
            link_.report(id.error());
            return false;
        }
        row.id = *id;
        link_.log->info("shortened: representation {}, {} tokens to {}", *id, row.tokens_before,
                        row.tokens_after);
        tree->representations().push_back(std::move(row));
    }
    return true;
}

void Compactor::make_room(const Tree& tree, MessageId question) {
    if (!link_.settings.shorten_memory || !kit_ || !models_.ready()) {
        return;
    }
    moved_.turn(tree->conversation().id);
    const storage::Message* asked = tree->find(question);
    if (asked == nullptr || !asked->parent) {
        return;
    }
    PromptComposer& composer = models_.composer();
    auto request =
        composer.plan_request(compose_request(*tree, question, link_.settings, models_.model().context));
    const auto plan = composer.plan(request);
    const auto lost = prompt::context::Fate::left_out;
    if (!plan || std::find(plan->fates.begin(), plan->fates.end(), lost) == plan->fates.end()) {
        return;
    }
    const auto next = composer.next_compaction(request, *plan, link_.settings.shorten_thresholds, false);
    if (!next) {
        return;  // it would gain too little: what does not fit is left out of this prompt
    }
    const std::uint32_t room = models_.model().context;
    const auto beginning = [&](std::uint32_t context, std::uint32_t reserve) {
        auto past = compose_request(*tree, asked->parent, link_.settings, context);
        past.draft_documents.clear();
        past.draft_open = false;
        past.answer_reserve = std::min(past.answer_reserve, reserve);
        return composer.certain_beginning(past, {});
    };
    MemoryText text = writer_->at_once({tree, std::move(request), *next, plan->short_text, "leave_out"});
    auto before = beginning(2 * room, 0);  // as it was read so far, though nothing fits behind it any more
    if (!store(tree, std::move(text))) {
        return;
    }
    auto after = beginning(room, ~0U);
    // What stands in the cache ends with the answer. Both texts end alike.
    while (before && after && before->size() > room && !after->empty()) {
        before->pop_back();
        after->pop_back();
    }
    if (before && after) {
        moved_.keep({tree->conversation().id, std::move(*before), {}, std::move(*after)});
        moved_.turn(tree->conversation().id);  // this one
    }
    if (on_changed) {
        on_changed(tree);
    }
}

std::optional<std::vector<engine::TokenId>> Compactor::beginning_of(const ConversationTree& tree) {
    auto tokens = models_.composer().certain_beginning(
        compose_request(tree, tree.conversation().leaf, link_.settings, models_.model().context), {});
    return tokens ? std::optional(std::move(*tokens)) : std::nullopt;
}

void Compactor::read(std::vector<engine::TokenId> tokens) {
    tell(*job_->tree, kReading, kWriting);
    job_->tokens = tokens;
    engine::PrefillRequest request{std::move(tokens), scope_of(job_->tree->conversation())};
    const auto take = scores != nullptr ? scores->ask(request, *job_->tree) : ReadScores::Take();
    job_->reading = link_.engine.submit(
        std::move(request),
        [this, take, serial = job_->serial, mailbox = link_.mailbox](engine::RequestId, engine::Event event) {
            mailbox->put([this, take, serial, event = std::move(event)] {
                if (take) {
                    take(event);
                }
                read_ended(serial, event);
            });
        });
}

void Compactor::read_ended(std::uint64_t serial, const engine::Event& event) {
    if (!job_ || job_->serial != serial) {
        return;
    }
    if (const auto* progress = std::get_if<engine::PrefillEvent>(&event)) {
        const double share = progress->total == 0 ? 1 : static_cast<double>(progress->done) / progress->total;
        tell(*job_->tree, kReading, kWriting + (1 - kWriting) * share);
        return;
    }
    const auto* done = std::get_if<engine::PrefilledEvent>(&event);
    if (done != nullptr) {
        job_->read += done->tokens - std::min(done->tokens, done->reused);
    }
    if (done != nullptr && done->complete) {
        moved_.read(job_->tokens);
        if (on_read) {
            on_read(job_->tokens);
        }
    }
    end();
}

void Compactor::tell(const ConversationTree& tree, std::string what, double progress) {
    link_.emit(MemoryWork{tree.conversation().id, std::move(what), progress, true});
}

void Compactor::end(std::string said) {
    const Tree tree = job_->tree;
    const std::uint32_t read = job_->read;
    job_.reset();
    link_.emit(MemoryWork{tree->conversation().id, std::move(said), 1, false, read});
}

}  // namespace tendril::app
