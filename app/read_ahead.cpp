// SPDX-License-Identifier: Apache-2.0
// ReadAhead. Chat worker's thread only; the engine's last word on a request comes through the mailbox.
#include "app/read_ahead.h"

#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/composing.h"
#include "app/compress/read_scores.h"
#include "app/context/forecast.h"
#include "app/documents/choice.h"
#include "app/power.h"
#include "app/turn_records.h"

namespace tendril::app {
namespace {

/// A person who leafs through conversations does not want all of them read.
constexpr auto kLookDelay = std::chrono::milliseconds(250);

/// Of the draft's documents that are to be searched or shortened: what they will take, as far as it can be
/// told.
std::uint32_t unread_tokens(const AttachedDocuments& draft) {
    std::vector<DraftDocument> unread = draft.shown;
    std::erase_if(unread, [&](const DraftDocument& one) {
        return !one.error.empty() || std::any_of(draft.read.begin(), draft.read.end(),
                                                 [&](const DocumentText& text) { return text.id == one.id; });
    });
    return planned_tokens(unread);
}

}  // namespace

ReadAhead::ReadAhead(WorkerLink& link, ModelKeeper& models) : link_(link), models_(models) {}

void ReadAhead::show(std::shared_ptr<ConversationTree> tree) {
    const bool same = tree == tree_;
    tree_ = std::move(tree);
    if (!same) {
        cancel();
    }
    at(kLookDelay);
}

void ReadAhead::typed() {
    at({});
}

void ReadAhead::refresh() {
    cancel();
    counted_.reset();
    at({});
}

void ReadAhead::cancelled() {
    running_.reset();
    asked_.clear();
}

void ReadAhead::stop() {
    cancel();
    counted_.reset();  // the turn tells its own
    resting_ = false;
    due_.reset();
}

void ReadAhead::rest() {
    if (resting_) {
        return;
    }
    resting_ = true;
    asked_.clear();  // the turn may have pushed it out of the cache
    at({});
}

void ReadAhead::at(Clock::duration delay) {
    if (resting_) {
        due_ = Clock::now() + delay;
    }
}

void ReadAhead::tick(Clock::time_point now) {
    if (due_ && *due_ <= now) {
        due_.reset();
        read();
    }
}

bool ReadAhead::allowed() const {
    return link_.settings.read_ahead && (link_.settings.work_on_battery || !on_battery(link_.power_supplies));
}

void ReadAhead::read() {
    if (!tree_ || !models_.ready()) {
        return;
    }
    const storage::Conversation& conversation = tree_->conversation();
    auto tokens = models_.composer().certain_beginning(
        compose_request(*tree_, conversation.leaf, link_.settings, models_.model().context),
        conversation.draft);
    storage::Message draft;
    draft.role = storage::Role::user;
    draft.text = conversation.draft;
    auto coming =
        forecast(models_.composer(), *tree_,
                 compose_request(*tree_, conversation.leaf, link_.settings, models_.model().context),
                 {&draft, std::as_const(*tree_).documents(kDraft).read}, link_.settings);
    if (!tokens) {
        cancel();
        const ContextShares& all = coming.shares;
        const std::uint32_t limit = models_.model().context;
        if (all.draft + all.documents > 0) {  // it does not fit; who sends it is told so as well
            const auto needed = all.system + all.documents + all.turns + all.draft + all.reserve;
            tell({conversation.id, std::max(needed, limit + 1), limit, all, {}});
        }
        return;
    }
    const AttachedDocuments& documents = std::as_const(*tree_).documents(kDraft);
    auto used = static_cast<std::uint32_t>(tokens->size());
    if (!documents.complete) {  // not all is certain, but how much it may be
        ContextShares& shares = coming.shares;
        shares.documents += unread_tokens(documents);
        used = std::max(used, shares.system + shares.documents + shares.turns + shares.draft);
    }
    tell({conversation.id, used, models_.model().context, coming.shares, std::move(coming.if_sent)});
    if (!allowed()) {
        cancel();
    } else if (*tokens != asked_) {
        submit(std::move(*tokens));
    }
}

void ReadAhead::tell(const ContextCounted& now) {
    if (!counted_ || !(*counted_ == now)) {
        counted_ = now;
        link_.emit(now);
    }
}

void ReadAhead::submit(Tokens tokens) {
    if (running_) {
        const bool grown =
            tokens.size() > asked_.size() && std::equal(asked_.begin(), asked_.end(), tokens.begin());
        if (grown) {
            return;  // let it end: what a broken-off step has computed is lost. ended() looks again
        }
        cancel();
    }
    const storage::Conversation& conversation = tree_->conversation();
    running_ = Running{++serial_, 0};
    asked_ = tokens;
    engine::PrefillRequest request{std::move(tokens), scope_of(conversation)};
    const auto take = scores != nullptr ? scores->ask(request, *tree_) : ReadScores::Take();
    running_->request = link_.engine.submit(
        std::move(request),
        [this, take, serial = serial_, mailbox = link_.mailbox](engine::RequestId, engine::Event event) {
            mailbox->put([this, take, serial, event = std::move(event)] {
                if (take) {
                    take(event);  // also of what was cancelled
                }
                ended(serial, event);
            });
        });
}

void ReadAhead::ended(std::uint64_t serial, const engine::Event& event) {
    if (!running_ || running_->serial != serial || std::holds_alternative<engine::PrefillEvent>(event)) {
        return;
    }
    running_.reset();
    if (const auto* error = std::get_if<Error>(&event)) {
        link_.log->info("nothing read ahead: {} ({})", error->message, error->detail);
        return;  // and not tried again before something changes
    }
    if (const auto* done = std::get_if<engine::PrefilledEvent>(&event)) {
        link_.log->debug("read ahead: {} tokens, {} of them reused, {:.1f} ms", done->tokens, done->reused,
                         done->ms);
        if (done->complete && on_read) {
            on_read(asked_);
        }
    }
    at({});  // more may have been typed meanwhile
}

void ReadAhead::cancel() {
    if (running_) {
        link_.engine.cancel(running_->request);
        running_.reset();
    }
    asked_.clear();
}

}  // namespace tendril::app
