// SPDX-License-Identifier: Apache-2.0
// TurnRunner. Chat worker's thread only; the engine's events come through an inbox and the mailbox.
#include "app/turn_runner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <spdlog/logger.h>

#include "app/context/answer_context.h"
#include "app/context/answer_window.h"
#include "app/documents/message_context.h"
#include "app/turn_records.h"
#include "resources/prompts/prompts.h"

namespace tendril::app {

using storage::Message;
using storage::MessageStatus;
using storage::Role;

namespace {

/// Of an answer that fills the context, what the model still reads: a share of the context.
constexpr std::uint32_t kWindowShare = 3;

}  // namespace

TurnRunner::TurnRunner(WorkerLink& link, ModelKeeper& models) : link_(link), models_(models) {
    auto kit = SkeletonKit::make(resources::skeleton_json());
    if (kit) {
        kit_ = std::move(*kit);
    } else {
        link_.log->error("{} ({})", kit.error().message, kit.error().detail);
    }
}
TurnRunner::~TurnRunner() = default;

bool TurnRunner::busy(ConversationId conversation) const {
    return std::any_of(turns_.begin(), turns_.end(),
                       [=](const auto& turn) { return turn->tree->conversation().id == conversation; });
}

bool TurnRunner::waiting(MessageId reply) const {
    return std::any_of(turns_.begin(), turns_.end(),
                       [=](const auto& turn) { return turn->reply == reply && !turn->any_text; });
}

Status TurnRunner::begin(const std::shared_ptr<ConversationTree>& tree, MessageId question, bool normally) {
    auto turn = std::make_unique<Turn>(link_, shown_);
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
    auto turn = std::make_unique<Turn>(link_, shown_);
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
    Turn& added = *turns_.back();
    if (resumed) {
        added.tell_changed();
    } else if (added.is_shown()) {
        ShownMessage shown = added.tree->shown(added.message());
        shown.waiting = true;
        link_.emit(MessageAdded{shown_, std::move(shown)});
    }
    start_next();
    if (!turns_.empty() && !turns_.front()->started()) {
        tell_progress(*turns_.front(), true);  // also what waits for a document or a model can be stopped
    }
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
        if (turn.started()) {
            turn.expansion->cancel();
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
    stitched_.clear();
    curve_.clear();
    ++curve_serial_;
    curve_awaited_ = models_.ready();  // the first question is not to be told that nothing would be gained
    ask_curve();
    if (!models_.ready() && !turns_.empty() && turns_.front()->started()) {
        turns_.front()->expansion->cancel();  // its next requests would be another model's
    }
    start_next();
}

void TurnRunner::ask_curve() {
    if (!curve_.empty() || !models_.ready()) {
        return;
    }
    link_.engine.curve(
        [this, serial = curve_serial_, mailbox = link_.mailbox](std::vector<engine::CurvePoint> curve) {
            mailbox->put([this, serial, curve = std::move(curve)] { curve_came(serial, curve); });
        });
}

void TurnRunner::curve_came(std::uint64_t serial, const std::vector<engine::CurvePoint>& curve) {
    if (serial != curve_serial_) {
        return;
    }
    curve_ = curve;
    if (!curve_awaited_) {
        return;
    }
    curve_awaited_ = false;
    if (!curve_.empty() || !link_.measure_at_load) {
        start_next();
        return;
    }
    curve_awaited_ = true;
    engine::BenchRequest measure;
    measure.prefill_tokens = 0;
    measure.batches.clear();
    measure.curve = true;
    link_.engine.submit(
        measure, [this, serial, mailbox = link_.mailbox](engine::RequestId, const engine::Event& event) {
            auto* const bench = std::get_if<engine::BenchEvent>(&event);
            mailbox->put(
                [this, serial, curve = bench != nullptr ? bench->curve : std::vector<engine::CurvePoint>()] {
                    if (serial == curve_serial_) {
                        curve_ = curve;
                        curve_awaited_ = false;
                        start_next();
                    }
                });
        });
}

void TurnRunner::tell_points() const {
    for (const auto& turn : turns_) {
        if (turn->is_shown()) {
            turn->tell_points();
        }
    }
}

void TurnRunner::start_next() {
    if (turns_.empty() || turns_.front()->started() || models_.loading() || curve_awaited_) {
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
    Turn& next = *turns_.front();
    if (next.prepared != Turn::Prepared::done) {
        prepare(next);
        return;
    }
    if (curve_.empty() && !next.curve_asked) {  // it may have been measured since the model was loaded
        next.curve_asked = true;
        curve_awaited_ = true;
        ask_curve();
        return;
    }
    if (make_room && !next.resumed && next.message().parent) {
        make_room(next.tree, *next.message().parent);
    }
    start(next);
}

void TurnRunner::prepare(Turn& turn) {
    const auto question = turn.message().parent;
    if (preparation == nullptr || !question) {
        turn.prepared = Turn::Prepared::done;
        start_next();
        return;
    }
    if (turn.prepared == Turn::Prepared::running) {
        return;
    }
    turn.prepared = Turn::Prepared::running;
    preparation->prepare(turn.tree, *question, [this, serial = turn.serial](const Status& status) {
        if (turns_.empty() || turns_.front()->serial != serial) {
            return;
        }
        turns_.front()->prepared = Turn::Prepared::done;
        if (status) {
            start_next();
        } else {
            link_.log->warn("turn not prepared: {} ({})", status.error().message, status.error().detail);
            end(MessageStatus::failed, status.error().message, std::nullopt);
        }
    });
}

Result<ExpansionRequest> TurnRunner::request_of(Turn& turn) {
    const Message& reply = turn.message();
    ComposeRequest compose =
        compose_request(*turn.tree, reply.parent, link_.settings, models_.model().context);
    const bool window = turn.window.times > 0;
    std::string newest;  // borrowed by compose
    if (window) {
        newest =
            newest_part(models_.composer().tokenizer(), reply.text, models_.model().context / kWindowShare);
    }
    compose.answer_so_far = window ? newest : reply.text;
    auto prompt = models_.composer().compose(compose);
    if (!prompt) {
        return fail(prompt.error());
    }
    ExpansionRequest request;
    request.mode = turn.normally ? storage::AnswerMode::never : turn.tree->conversation().answer_mode;
    const Message* question = reply.parent ? turn.tree->find(*reply.parent) : nullptr;
    request.question = question != nullptr ? question->text : std::string();
    const bool has_documents = !compose.branch.empty() && !compose.branch.back().documents.empty();
    request.facts.attachments =
        has_documents || request.question.find(":\n```") != std::string::npos;  // messages of older versions
    request.facts.thinking = models_.composer().thinks();
    request.facts.history =
        std::any_of(compose.branch.begin(), compose.branch.end(), [](const BranchMessage& one) {
            return one.message->role == Role::assistant && !one.message->text.empty();
        });
    request.continued = turn.resumed || window;
    request.sampler = turn.sampler;
    request.max_tokens = turn.max_tokens;
    if (window && turn.max_tokens != 0) {
        request.max_tokens = turn.max_tokens - std::min(turn.max_tokens - 1, turn.tokens);
    }
    request.context = models_.model().context;
    request.cache = scope_of(turn.tree->conversation());
    request.curve = curve_.empty() ? models_.model().curve : curve_;
    if (window) {
        request.moved = moved_from(turn.before_window, prompt->tokens);
    } else {
        request.moved = stitched_.moved(compose.branch, prompt->tokens);
        if (request.moved.empty() && moved_memory) {
            request.moved = moved_memory(reply.conversation, prompt->tokens);
        }
    }
    request.prompt = std::move(*prompt);
    return request;
}

void TurnRunner::start(Turn& turn) {
    auto request = request_of(turn);
    if (!request) {
        end(MessageStatus::failed, request.error().message, std::nullopt);
        return;
    }
    if (!request->prompt.warning.empty()) {
        link_.notice(request->prompt.warning);
    }
    Message& reply = turn.message();
    reply.model_name = models_.status().name;
    reply.left_out = request->prompt.left_out;
    reply.context = with_representation(reply.context, request->prompt.representation);
    if (preparation != nullptr && reply.parent) {
        reply.context = with_sources(reply.context, preparation->sources(*turn.tree, *reply.parent));
    }
    if (turn.window.times > 0) {
        turn.window.tokens_after = static_cast<std::uint32_t>(request->prompt.tokens.size());
        reply.context = with_window(reply.context, turn.window);
    }
    if (turn.is_shown()) {
        link_.emit(LeftOutChanged{shown_, reply.left_out});
    }
    turn.prompt = request->prompt.tokens;
    turn.prefill = {0, static_cast<std::uint32_t>(turn.prompt.size()), 0};
    turn.port = std::make_unique<InboxPort<EnginePort>>(
        link_.engine, [this, serial = turn.serial, mailbox = link_.mailbox] {
            mailbox->put([this, serial] { drain(serial); });
        });
    turn.composer = models_.shared_composer();
    turn.expansion =
        std::make_unique<Expansion>(std::move(*request), *turn.composer, kit_.get(), *turn.port, turn);
    if (on_writing) {
        on_writing(true);
    }
    turn.expansion->start();
    tell_progress(turn, true);
}

void TurnRunner::drain(std::uint64_t serial) {
    if (turns_.empty() || turns_.front()->serial != serial) {
        return;
    }
    Turn& turn = *turns_.front();
    bool any = false;
    for (const auto& [request, event] : turn.port->take()) {
        turn.expansion->handle(request, event);
        any = true;
    }
    if (auto result = turn.expansion->take_result()) {
        ended(std::move(*result));
    } else if (any) {
        tell_progress(turn, true);
    }
}

void TurnRunner::end(MessageStatus status, std::string error,
                     const std::optional<engine::FinishedEvent>& finished) {
    const std::unique_ptr<Turn> turn = std::move(turns_.front());
    turns_.pop_front();
    if (on_writing) {
        on_writing(false);
    }
    Message& reply = turn->message();
    if (turn->prepared == Turn::Prepared::running && reply.parent) {
        preparation->cancel(*reply.parent);
    }
    reply.status = status;
    reply.error = std::move(error);
    reply.finished = wall_clock_ms();
    if (finished) {
        turn->window.times == 0 ? add_counters(reply.counters, *finished)
                                : add_window(reply.counters, *finished);
    }
    reply.model_sha256 = models_.sha256();
    turn->journal->finish(reply, Clock::now());
    Message row = reply;
    row.text.clear();  // it stays as it is
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
    turn->tell_changed();
    tell_progress(*turn, false);
    link_.emit(TurnEnded{reply.conversation, reply, finished});
    if (on_end) {
        on_end(turn->tree, reply);
    }
    ask_curve();
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
        Message& reply = turn.message();
        if (turn.started()) {
            turn.expansion->cancel();
            for (const auto& [request, event] : turn.port->take()) {
                turn.expansion->handle(request, event);
            }
            turn.expansion->abandon();
            if (const auto result = turn.expansion->take_result(); result && result->state.skeleton) {
                reply.text = result->text;
                reply.expansion = to_json(result->state);
            }
        }
        Message row = reply;
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
