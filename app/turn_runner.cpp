// SPDX-License-Identifier: Apache-2.0
// TurnRunner. Chat worker's thread only; the engine's events come through an inbox and the mailbox.
#include "app/turn_runner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <spdlog/logger.h>

#include "app/turn_records.h"

namespace tendril::app {

using storage::Message;
using storage::MessageStatus;
using storage::Role;

struct TurnRunner::Turn {
    std::uint64_t serial = 0;
    std::shared_ptr<ConversationTree> tree;
    MessageId reply = 0;
    bool resumed = false;
    bool normally = false;
    bool started = false;
    bool stop_asked = false;
    bool any_text = false;
    engine::RequestId request = 0;
    std::shared_ptr<EngineInbox> inbox;
    std::unique_ptr<ReplyJournal> journal;
    engine::PrefillEvent prefill;
    std::uint32_t tokens = 0;
    std::uint32_t max_tokens = 0;
    Clock::time_point first_text;
    engine::SamplerSettings sampler;
};

TurnRunner::TurnRunner(WorkerLink& link, ModelKeeper& models) : link_(link), models_(models) {}
TurnRunner::~TurnRunner() = default;

Message& TurnRunner::message_of(const Turn& turn) const {
    return *turn.tree->find(turn.reply);
}

bool TurnRunner::busy(ConversationId conversation) const {
    return std::any_of(turns_.begin(), turns_.end(),
                       [=](const auto& turn) { return turn->tree->conversation().id == conversation; });
}

bool TurnRunner::waiting(MessageId reply) const {
    return std::any_of(turns_.begin(), turns_.end(),
                       [=](const auto& turn) { return turn->reply == reply && !turn->any_text; });
}

Status TurnRunner::begin(const std::shared_ptr<ConversationTree>& tree, MessageId question, bool normally) {
    auto turn = std::make_unique<Turn>();
    turn->tree = tree;
    turn->normally = normally;
    turn->sampler = sampler_of_turn(link_.settings);
    Message reply;
    reply.conversation = tree->conversation().id;
    reply.parent = question;
    reply.role = Role::assistant;
    reply.status = MessageStatus::streaming;
    reply.created = wall_clock_ms();
    reply.seed = turn->sampler.seed;
    reply.sampler = sampler_json(turn->sampler, link_.settings);
    auto id = link_.store.begin_reply(reply);
    if (!id) {
        return fail(id.error());
    }
    reply.id = turn->reply = *id;
    tree->add(reply);
    enqueue(std::move(turn));
    return {};
}

Status TurnRunner::resume(const std::shared_ptr<ConversationTree>& tree, MessageId reply) {
    Message* message = tree->find(reply);
    if (message == nullptr || message->role != Role::assistant || busy(message->conversation)) {
        return fail(ErrorCode::invalid_argument, "This message cannot be continued now.");
    }
    if (Status resumed = link_.store.resume_reply(reply); !resumed) {
        return resumed;
    }
    auto turn = std::make_unique<Turn>();
    turn->tree = tree;
    turn->reply = reply;
    turn->resumed = true;
    turn->sampler = sampler_of_turn(link_.settings);
    message->status = MessageStatus::streaming;
    message->error.clear();
    message->finished.reset();
    message->seed = turn->sampler.seed;
    message->sampler = sampler_json(turn->sampler, link_.settings);
    enqueue(std::move(turn));
    return {};
}

void TurnRunner::enqueue(std::unique_ptr<Turn> turn) {
    turn->serial = ++serial_;
    turn->max_tokens = link_.settings.max_answer_tokens;
    turn->journal = std::make_unique<ReplyJournal>(
        link_.store, turn->reply, [this](const Error& error) { journal_failed(error); },
        link_.journal_interval);
    const bool resumed = turn->resumed;
    if (on_begin) {
        on_begin();
    }
    turns_.push_back(std::move(turn));
    const Turn& added = *turns_.back();
    if (resumed) {
        tell_changed(added);
    } else if (added.tree->conversation().id == shown_) {
        ShownMessage shown = added.tree->shown(message_of(added));
        shown.waiting = true;
        link_.emit(MessageAdded{shown_, std::move(shown)});
    }
    start_next();
}

void TurnRunner::stop(ConversationId conversation) {
    if (turns_.empty()) {
        return;
    }
    // Those that wait end first, so that none starts when the running one ends.
    for (std::size_t i = turns_.size(); i-- > 0;) {
        Turn& turn = *turns_[i];
        if (turn.tree->conversation().id != conversation) {
            continue;
        }
        turn.stop_asked = true;
        if (turn.started) {
            link_.engine.cancel(turn.request);
        } else if (i == 0) {
            end(MessageStatus::interrupted, {}, std::nullopt);
        } else {
            std::rotate(turns_.begin(), turns_.begin() + static_cast<std::ptrdiff_t>(i),
                        turns_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
            end(MessageStatus::interrupted, {}, std::nullopt);
        }
    }
}

void TurnRunner::model_changed() {
    start_next();
}

void TurnRunner::start_next() {
    if (turns_.empty() || turns_.front()->started || models_.loading()) {
        return;
    }
    if (!models_.ready()) {
        const bool failed = models_.status().phase == ModelPhase::failed;
        end(MessageStatus::failed,
            failed ? "The model could not be loaded: " + models_.status().text
                   : std::string("No model is loaded. Choose one, then try again."),
            std::nullopt);
        return;
    }
    start(*turns_.front());
}

Result<ComposedPrompt> TurnRunner::compose(const Turn& turn) {
    const Message& reply = message_of(turn);
    ComposeRequest request =
        compose_request(*turn.tree, reply.parent, link_.settings, models_.model().context);
    request.answer_so_far = reply.text;
    return models_.composer().compose(request);
}

void TurnRunner::start(Turn& turn) {
    auto prompt = compose(turn);
    if (!prompt) {
        end(MessageStatus::failed, prompt.error().message, std::nullopt);
        return;
    }
    if (!prompt->warning.empty()) {
        link_.notice(prompt->warning);
    }
    Message& reply = message_of(turn);
    reply.model_name = models_.status().name;
    reply.left_out = prompt->left_out;
    if (turn.tree->conversation().id == shown_) {
        link_.emit(LeftOutChanged{shown_, prompt->left_out});
    }
    turn.prefill = {0, static_cast<std::uint32_t>(prompt->tokens.size()), 0};
    turn.started = true;
    turn.inbox = std::make_shared<EngineInbox>([this, serial = turn.serial, mailbox = link_.mailbox] {
        mailbox->put([this, serial] { drain(serial); });
    });
    engine::GenerateRequest request;
    request.prompt = std::move(prompt->tokens);
    request.max_tokens = turn.max_tokens;
    request.sampler = turn.sampler;
    request.stop = std::move(prompt->stop);
    request.cache = scope_of(turn.tree->conversation());
    request.speculate = true;  // the engine stops guessing where it does not pay
    turn.request = link_.engine.submit(
        std::move(request),
        [inbox = turn.inbox](engine::RequestId, engine::Event event) { inbox->put(std::move(event)); });
    tell_progress(turn, true);
}

void TurnRunner::drain(std::uint64_t serial) {
    if (turns_.empty() || turns_.front()->serial != serial) {
        return;
    }
    Turn& turn = *turns_.front();
    EngineInbox::Contents contents = turn.inbox->take();
    if (contents.prefill) {
        turn.prefill = *contents.prefill;
    }
    if (!contents.text.empty()) {
        take_text(turn, contents);
    }
    if (contents.error) {
        link_.log->warn("turn failed: {} ({})", contents.error->message, contents.error->detail);
        const bool cancelled = contents.error->code == ErrorCode::cancelled;
        end(cancelled ? MessageStatus::interrupted : MessageStatus::failed,
            cancelled ? std::string() : contents.error->message, std::nullopt);
    } else if (contents.finished) {
        const auto [status, words] = outcome(*contents.finished, turn.max_tokens, models_.status().context);
        end(status, words, contents.finished);
    } else if (contents.prefill || contents.tokens > 0) {
        tell_progress(turn, true);
    }
}

void TurnRunner::take_text(Turn& turn, EngineInbox::Contents& contents) {
    const auto now = Clock::now();
    Message& reply = message_of(turn);
    if (!turn.any_text) {
        turn.any_text = true;
        turn.first_text = now;
        tell_changed(turn);  // no longer waiting
    }
    turn.tokens += contents.tokens;
    reply.text += contents.text;
    turn.journal->add(contents.text, now);
    if (reply.conversation == shown_) {
        link_.emit(ReplyText{shown_, reply.id, std::move(contents.text)});
    }
}

void TurnRunner::end(MessageStatus status, std::string error,
                     const std::optional<engine::FinishedEvent>& finished) {
    const std::unique_ptr<Turn> turn = std::move(turns_.front());
    turns_.pop_front();
    Message& reply = message_of(*turn);
    reply.status = status;
    reply.error = std::move(error);
    reply.finished = wall_clock_ms();
    if (finished) {
        add_counters(reply.counters, *finished);
    }
    reply.model_sha256 = models_.sha256();
    Message row = reply;
    row.text.clear();  // it is in the journal
    turn->journal->finish(row, Clock::now());
    if (!turn->journal->closed()) {
        unsaved_.push_back(std::move(turn->journal));
    } else if (finished && models_.ready() && row.model_sha256.empty()) {
        without_hash_.push_back(row);
    }
    link_.log->info(
        "turn ended: message {}, status {}, {} prompt tokens, {} reused, {} answer tokens, {:.1f} ms to the "
        "first",
        reply.id, static_cast<int>(status), reply.counters.prompt_tokens, reply.counters.cached_tokens,
        reply.counters.answer_tokens, reply.counters.first_token_ms);
    tell_changed(*turn);
    tell_progress(*turn, false);
    link_.emit(TurnEnded{reply.conversation, reply, finished});
    if (on_end) {
        on_end(turn->tree, reply);
    }
    start_next();
}

void TurnRunner::hash_known() {
    for (Message& row : std::exchange(without_hash_, {})) {
        if (row.model_name != models_.status().name || !link_.store.resume_reply(row.id)) {
            continue;
        }
        row.model_sha256 = models_.sha256();
        if (const Status saved = link_.store.finish_reply(row); !saved) {
            link_.report(saved.error());
        }
    }
}

void TurnRunner::journal_failed(const Error& error) {
    link_.report(Error{error.code,
                       error.message + " What was written here is kept in memory and tried again.",
                       error.detail});
}

void TurnRunner::tell_changed(const Turn& turn) {
    const Message& reply = message_of(turn);
    if (reply.conversation == shown_ && turn.tree->on_branch(reply.id)) {
        ShownMessage shown = turn.tree->shown(reply);
        shown.waiting = reply.status == MessageStatus::streaming && !turn.any_text;
        link_.emit(MessageChanged{shown_, std::move(shown)});
    }
}

void TurnRunner::tell_progress(const Turn& turn, bool generating) {
    TurnChanged progress;
    progress.generating = generating || !turns_.empty();
    progress.message = turn.reply;
    progress.prefill = turn.prefill;
    const double seconds = std::chrono::duration<double>(Clock::now() - turn.first_text).count();
    if (turn.any_text && turn.tokens > 1 && seconds > 0) {
        progress.tokens_per_second = (turn.tokens - 1) / seconds;
    }
    progress.context_used = turn.prefill.total + turn.tokens;
    progress.context_limit = models_.status().context;
    link_.emit(progress);
}

std::optional<Clock::time_point> TurnRunner::due() const {
    std::optional<Clock::time_point> first;
    const auto consider = [&first](const ReplyJournal& journal) {
        if (const auto due = journal.due(); due && (!first || *due < *first)) {
            first = due;
        }
    };
    for (const auto& turn : turns_) {
        consider(*turn->journal);
    }
    for (const auto& journal : unsaved_) {
        consider(*journal);
    }
    return first;
}

void TurnRunner::tick(Clock::time_point now) {
    for (const auto& turn : turns_) {
        turn->journal->write_due(now);
    }
    const bool any = !unsaved_.empty();
    for (const auto& journal : unsaved_) {
        journal->write_due(now);
    }
    std::erase_if(unsaved_, [](const auto& journal) { return journal->closed(); });
    if (any && unsaved_.empty()) {
        link_.notice("All answers are saved now.");
    }
}

void TurnRunner::finish_all() {
    const auto now = Clock::now();
    while (!turns_.empty()) {
        Turn& turn = *turns_.front();
        if (turn.started) {
            link_.engine.cancel(turn.request);
            EngineInbox::Contents last = turn.inbox->take();
            if (!last.text.empty()) {
                take_text(turn, last);
            }
        }
        Message row = message_of(turn);
        row.status = MessageStatus::interrupted;
        row.finished = wall_clock_ms();
        row.model_sha256 = models_.sha256();
        turn.journal->finish(row, now);
        turns_.pop_front();
    }
    for (const auto& journal : unsaved_) {
        journal->flush(now);
    }
}

}  // namespace tendril::app
