// SPDX-License-Identifier: Apache-2.0
// TitleMaker. Chat worker's thread only; the engine's events come through an inbox and the mailbox.
#include "app/title_maker.h"

#include <utility>

#include <spdlog/logger.h>

#include "app/composing.h"
#include "app/power.h"
#include "app/title.h"
#include "app/turn_records.h"

namespace tendril::app {
namespace {

using storage::Message;
using storage::MessageStatus;
using storage::Role;

constexpr std::uint32_t kMostTokens = 12;

}  // namespace

TitleMaker::TitleMaker(WorkerLink& link, ModelKeeper& models) : link_(link), models_(models) {}

bool TitleMaker::wanted(const ConversationTree& tree) const {
    const storage::Conversation& conversation = tree.conversation();
    return link_.settings.model_titles && conversation.titled_by == storage::TitledBy::first_words &&
           !conversation.deleted && !tried_.contains(conversation.id);
}

void TitleMaker::answered(const std::shared_ptr<ConversationTree>& tree, const Message& reply) {
    const bool worth_naming = !reply.text.empty() && reply.status != MessageStatus::failed;
    if (worth_naming && wanted(*tree)) {
        waiting_ = tree;
    }
}

void TitleMaker::forget(ConversationId conversation) {
    if (asked_ && asked_->conversation().id == conversation) {
        stop();
    }
    if (waiting_ && waiting_->conversation().id == conversation) {
        waiting_.reset();
    }
}

void TitleMaker::stop() {
    if (asked_) {
        link_.engine.cancel(request_);
        waiting_ = waiting_ ? waiting_ : std::exchange(asked_, nullptr);
        asked_.reset();
        inbox_.reset();
    }
}

void TitleMaker::work() {
    if (!waiting_ || asked_ || !models_.ready()) {
        return;
    }
    if (!link_.settings.work_on_battery && on_battery(link_.power_supplies)) {
        return;
    }
    const auto tree = std::exchange(waiting_, nullptr);
    if (wanted(*tree)) {
        ask(tree);
    }
}

void TitleMaker::ask(const std::shared_ptr<ConversationTree>& tree) {
    Message question;
    question.role = Role::user;
    question.text = kTitleQuestion;
    auto request = compose_request(*tree, tree->conversation().leaf, link_.settings, models_.model().context);
    request.branch.push_back({&question});
    auto prompt = models_.composer().compose(request);
    if (!prompt || !prompt->left_out.empty()) {
        tried_.insert(tree->conversation().id);  // it would have to be read anew
        return;
    }
    engine::GenerateRequest generate;
    generate.prompt = std::move(prompt->tokens);
    generate.max_tokens = kMostTokens;
    generate.sampler.temperature = 0;
    generate.stop = std::move(prompt->stop);
    generate.priority = engine::Priority::background;
    generate.cache = scope_of(tree->conversation());
    asked_ = tree;
    text_.clear();
    inbox_ = std::make_shared<EngineInbox>([this, serial = ++serial_, mailbox = link_.mailbox] {
        mailbox->put([this, serial] { drain(serial); });
    });
    request_ = link_.engine.submit(
        std::move(generate),
        [inbox = inbox_](engine::RequestId, engine::Event event) { inbox->put(std::move(event)); });
}

void TitleMaker::drain(std::uint64_t serial) {
    if (!asked_ || serial != serial_) {
        return;
    }
    const EngineInbox::Contents contents = inbox_->take();
    text_ += contents.text;
    if (!contents.ended()) {
        return;
    }
    const auto tree = std::exchange(asked_, nullptr);
    inbox_.reset();
    tried_.insert(tree->conversation().id);
    const bool whole = contents.finished && (contents.finished->reason == engine::StopReason::end_of_text ||
                                             contents.finished->reason == engine::StopReason::stop_text);
    const std::string title = title_from_answer(text_, whole);
    link_.log->debug("title asked for: {}", title.empty() ? "no good one" : "taken");
    if (!title.empty() && tree->conversation().titled_by == storage::TitledBy::first_words && on_title) {
        on_title(tree, title);
    }
}

}  // namespace tendril::app
