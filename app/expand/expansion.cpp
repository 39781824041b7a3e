// SPDX-License-Identifier: Apache-2.0
// Expansion: from the question to the outline, and the normal answer. The points are written by Branches.
#include "app/expand/expansion.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "app/expand/branch.h"
#include "prompt/skeleton/order.h"
#include "prompt/skeleton/outline.h"

namespace tendril::app {

namespace skeleton = prompt::skeleton;
using engine::StopReason;
using storage::AnswerMode;

namespace {

constexpr std::uint32_t kLanesUnmeasured = 8;  // in mode always, when t(M) is not known yet
/// Least tokens of a point that a limit of the whole answer must leave.
constexpr std::uint32_t kLeastPointTokens = 48;

skeleton::Curve curve_of(const std::vector<engine::CurvePoint>& measured) {
    std::vector<skeleton::StepCost> costs;
    for (const engine::CurvePoint& point : measured) {
        costs.push_back({point.rows, point.step_ms});
    }
    return skeleton::Curve(std::move(costs));
}

}  // namespace

Expansion::Expansion(ExpansionRequest request, const PromptComposer& composer, SkeletonKit* kit,
                     ExpansionPort& engine, ExpansionObserver& observer)
    : request_(std::move(request)), composer_(composer), kit_(kit), engine_(engine), observer_(observer) {}

Expansion::~Expansion() = default;

double Expansion::now_ms() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - begun_).count();
}

skeleton::Reason Expansion::reason(std::string_view key) const {
    return kit_ != nullptr ? kit_->phrases().reason(key) : skeleton::Reason{};
}

void Expansion::start() {
    begun_ = Clock::now();
    if (kit_ == nullptr || request_.continued) {
        answer_normally({});
        return;
    }
    language_ = &kit_->phrases().language_of(request_.question);
    if (const auto why = veto()) {
        answer_normally(*why);
    } else if (request_.mode == AnswerMode::always) {
        ask_outline();
    } else if (!route()) {
        answer_normally(reason("context-too-small"));
    }
}

std::optional<skeleton::Reason> Expansion::veto() const {
    const skeleton::Phrases& phrases = kit_->phrases();
    if (request_.mode == AnswerMode::never) {
        return reason("never");
    }
    if (request_.facts.thinking || request_.facts.tools) {
        return reason(request_.facts.thinking ? "thinking" : "tools");
    }
    const bool automatic = request_.mode == AnswerMode::automatic;
    const std::uint32_t least =
        kLeastPointTokens * (automatic ? phrases.limits.typical_points : phrases.limits.least_points);
    if (request_.max_tokens != 0 && request_.max_tokens < least) {
        return reason("answer-limit");
    }
    if (!automatic) {
        return std::nullopt;
    }
    if (auto why = skeleton::veto(phrases, request_.question, request_.facts)) {
        return why;
    }
    const skeleton::Gain gain =
        skeleton::predict_gain(phrases, curve_of(request_.curve), skeleton::typical_work(phrases));
    return skeleton::no_gain(phrases, gain);
}

bool Expansion::route() {
    stage_ = Stage::routing;
    std::vector<engine::ChooseRequest> asks;
    for (const skeleton::RouterText& text : skeleton::router_questions(*language_)) {
        engine::ChooseRequest ask;
        ask.prompt = composer_.stage(request_.prompt, text.text).tokens;
        for (const std::string& option : text.options) {
            const auto tokens = composer_.tokenizer().encode(option, {});
            ask.options.push_back(tokens.empty() ? 0 : tokens.front());
        }
        const auto& normal = request_.prompt.tokens;
        ask.keep = static_cast<std::uint32_t>(
            std::mismatch(normal.begin(), normal.end(), ask.prompt.begin(), ask.prompt.end()).first -
            normal.begin());
        std::copy_if(request_.moved.begin(), request_.moved.end(), std::back_inserter(ask.moved),
                     [&](const engine::MovedText& one) { return one.at + one.length <= ask.keep; });
        ask.cache = request_.cache;
        if (ask.prompt.size() >= request_.context) {
            return false;
        }
        asks.push_back(std::move(ask));
    }
    for (engine::ChooseRequest& ask : asks) {
        choices_.push_back({engine_.submit(std::move(ask)), {}});
    }
    return !choices_.empty();
}

void Expansion::handle(engine::RequestId request, const engine::Event& event) {
    if (stage_ == Stage::routing) {
        chosen(request, event);
    } else if (stage_ == Stage::points) {
        branches_->handle(request, event);
        if (branches_->ended()) {
            points_ended();
        }
    } else if (request == asked_ && stage_ == Stage::outline) {
        outline_event(event);
    } else if (request == asked_ && stage_ == Stage::normal) {
        normal_event(event);
    }
}

void Expansion::chosen(engine::RequestId request, const engine::Event& event) {
    const auto it = std::find_if(choices_.begin(), choices_.end(),
                                 [request](const Choice& one) { return one.request == request; });
    if (it == choices_.end()) {
        return;
    }
    if (const auto* progress = std::get_if<engine::PrefillEvent>(&event)) {
        if (it == choices_.begin()) {  // the others read the same
            observer_.on_prefill(*progress);
        }
        return;
    }
    if (const auto* error = std::get_if<Error>(&event);
        error != nullptr && error->code == ErrorCode::cancelled) {
        cancel();  // the engine ends everything: its model goes
    }
    if (const auto* answer = std::get_if<engine::ChosenEvent>(&event)) {
        it->logprobs = answer->logprobs;
        state_.prompt_tokens += answer->prompt_tokens;
        state_.cached_tokens += answer->cached_tokens;
        state_.moved_tokens += answer->moved_tokens;
    }
    it->request = 0;
    if (std::any_of(choices_.begin(), choices_.end(), [](const Choice& one) { return one.request != 0; })) {
        return;
    }
    if (cancelled_) {
        end(ExpansionResult::Ending::cancelled);
        return;
    }
    std::vector<std::vector<float>> answers;
    for (const Choice& choice : choices_) {
        answers.push_back(choice.logprobs);
    }
    choices_.clear();
    const bool whole = std::none_of(answers.begin(), answers.end(), [](const auto& a) { return a.empty(); });
    if (!whole) {
        answer_normally(reason("router-failed"));
        return;
    }
    state_.router_score = skeleton::route_score(*language_, answers);
    if (const auto why = skeleton::unsuited(kit_->phrases(), state_.router_score)) {
        answer_normally(*why);
    } else {
        ask_outline();
    }
}

void Expansion::ask_outline() {
    const auto grammar = kit_->outline_grammar(*language_);
    if (!grammar) {
        answer_normally(reason("outline-empty"));
        return;
    }
    outline_stage_ = composer_.stage(request_.prompt, language_->outline);
    const std::size_t room = kit_->phrases().limits.outline_tokens;
    if (outline_stage_->tokens.size() + room >= request_.context) {
        answer_normally(reason("context-too-small"));
        return;
    }
    stage_ = Stage::outline;
    engine::GenerateRequest ask;
    ask.prompt = outline_stage_->tokens;
    ask.max_tokens = kit_->phrases().limits.outline_tokens;
    ask.sampler.temperature = 0;  // the likeliest outline; a person's penalties would forbid its numbers
    ask.sampler.seed = request_.sampler.seed;
    ask.stop = request_.prompt.stop;
    ask.cache = request_.cache;
    ask.grammar = *grammar;
    asked_ = engine_.submit(std::move(ask));
}

void Expansion::outline_event(const engine::Event& event) {
    if (const auto* progress = std::get_if<engine::PrefillEvent>(&event)) {
        observer_.on_prefill(*progress);
    } else if (const auto* text = std::get_if<engine::TextEvent>(&event)) {
        text_ += text->text;
        state_.outline_tokens += text->tokens;
        if (!spoilt_ && !cancelled_ && skeleton::outline_is_spoilt(kit_->phrases(), *language_, text_)) {
            spoilt_ = true;
            engine_.cancel(asked_);
        }
    } else if (const auto* finished = std::get_if<engine::FinishedEvent>(&event)) {
        count(*finished);
        if (cancelled_) {
            end(ExpansionResult::Ending::cancelled);
        } else {
            read_outline(*finished);
        }
    } else if (cancelled_) {
        end(ExpansionResult::Ending::cancelled);
    } else if (const auto* error = std::get_if<Error>(&event)) {
        fail_with(*error);
    }
}

void Expansion::read_outline(const engine::FinishedEvent& finished) {
    state_.outline_tokens = static_cast<std::uint32_t>(finished.tokens.size());
    state_.outline_ms = now_ms();
    const auto outline = skeleton::read_outline(kit_->phrases(), *language_, text_);
    if (!outline) {
        answer_normally(outline.error());
        return;
    }
    begin_points(*outline, finished.tokens);
}

void Expansion::begin_points(const skeleton::Outline& outline, std::vector<engine::TokenId> drawn) {
    const skeleton::Phrases& phrases = kit_->phrases();
    const auto count = static_cast<std::uint32_t>(outline.points.size());
    skeleton::Work work = skeleton::typical_work(phrases);
    work.outline_tokens = state_.outline_tokens;
    work.point_tokens.assign(count, phrases.limits.typical_point_tokens);
    for (const skeleton::OutlinePoint& point : outline.points) {
        work.needs.push_back(point.needs);
    }
    const skeleton::Curve curve = curve_of(request_.curve);
    const skeleton::Gain gain = skeleton::predict_gain(phrases, curve, work);
    BranchesRequest points;
    points.stage = *outline_stage_;
    points.outline = {text_.substr(0, outline.used_bytes), std::move(drawn)};
    points.points = outline;
    points.sampler = request_.sampler;
    points.stop = request_.prompt.stop;
    points.most_tokens = request_.max_tokens == 0 ? 0 : std::max(1U, request_.max_tokens / count);
    points.context = request_.context;
    points.cache = request_.cache;
    points.lanes = curve.measured() ? gain.lanes : std::min(count, kLanesUnmeasured);
    branches_ = std::make_unique<Branches>(std::move(points), composer_, phrases, *language_, engine_,
                                           observer_, state_, [this] { return now_ms(); });
    if (const auto why = branches_->check()) {
        answer_normally(*why);
        return;
    }
    stage_ = Stage::points;
    const skeleton::Reason why = reason(request_.mode == AnswerMode::always ? "always" : "suits");
    state_.skeleton = true;
    state_.reason_key = why.key;
    state_.reason = why.sentence;
    state_.predicted_gain = curve.measured() ? gain.ratio : 0;
    observer_.on_route(state_);
    observer_.on_outline(state_);
    branches_->start();
    if (branches_->ended()) {
        points_ended();
    }
}

void Expansion::points_ended() {
    cancelled_ = cancelled_ || branches_->cancelled();
    const std::string text = branches_->stitched();
    const auto& error = branches_->error();
    if (!cancelled_ && branches_->points_with_text() < 2) {
        if (error) {
            fail_with(*error);
        } else {
            answer_normally(reason("points-overlap"));
        }
        return;
    }
    text_ = text;
    count(branches_->totals());
    end(cancelled_ ? ExpansionResult::Ending::cancelled : ExpansionResult::Ending::complete);
}

void Expansion::answer_normally(const skeleton::Reason& why) {
    stage_ = Stage::normal;
    state_.skeleton = false;
    state_.points.clear();
    state_.reason_key = why.key;
    state_.reason = why.sentence;
    state_.first_text_ms = 0;
    state_.first_paragraph_ms = 0;
    branches_.reset();
    text_.clear();
    observer_.on_route(state_);
    engine::GenerateRequest ask;
    ask.prompt = request_.prompt.tokens;
    ask.max_tokens = request_.max_tokens;
    ask.sampler = request_.sampler;
    ask.stop = request_.prompt.stop;
    ask.cache = request_.cache;
    ask.moved = request_.moved;
    ask.speculate = true;  // the engine stops guessing where it does not pay
    asked_ = engine_.submit(std::move(ask));
}

void Expansion::normal_event(const engine::Event& event) {
    if (const auto* progress = std::get_if<engine::PrefillEvent>(&event)) {
        observer_.on_prefill(*progress);
    } else if (const auto* text = std::get_if<engine::TextEvent>(&event)) {
        add_text(text->text);
        observer_.on_text(text->text, text->tokens);
    } else if (const auto* finished = std::get_if<engine::FinishedEvent>(&event)) {
        count(*finished);
        const bool cancelled = cancelled_ || finished->reason == StopReason::cancelled;
        end(cancelled ? ExpansionResult::Ending::cancelled : ExpansionResult::Ending::complete);
        result_->finished = *finished;
    } else if (const auto* error = std::get_if<Error>(&event)) {
        fail_with(*error);
    } else {
        fail_with({ErrorCode::internal, kOtherKind, {}});
    }
}

void Expansion::add_text(const std::string& text) {
    if (state_.first_text_ms == 0 && !text.empty()) {
        state_.first_text_ms = now_ms();
    }
    text_ += text;
    const std::size_t begin = text_.find_first_not_of(" \n");
    if (state_.first_paragraph_ms == 0 && begin != std::string::npos &&
        text_.find("\n\n", begin) != std::string::npos) {
        state_.first_paragraph_ms = now_ms();
    }
}

void Expansion::count(const engine::FinishedEvent& finished) {
    state_.prompt_tokens += finished.prompt_tokens;
    state_.cached_tokens += finished.cached_tokens;
    state_.moved_tokens += finished.moved_tokens;
    state_.forced_tokens += finished.forced_tokens;
}

void Expansion::fail_with(const Error& error) {
    const bool cancelled = error.code == ErrorCode::cancelled;
    end(cancelled ? ExpansionResult::Ending::cancelled : ExpansionResult::Ending::failed);
    if (!cancelled) {
        result_->error = error;
    }
}

void Expansion::end(ExpansionResult::Ending ending) {
    const bool points = stage_ == Stage::points;
    if (stage_ == Stage::outline) {
        text_.clear();  // an outline is no answer
    }
    stage_ = Stage::ended;
    state_.total_ms = now_ms();
    if (state_.first_paragraph_ms == 0 && state_.first_text_ms > 0) {
        state_.first_paragraph_ms = state_.total_ms;
    }
    result_.emplace();
    result_->ending = ending;
    result_->state = state_;
    result_->text = text_;
    if (points) {
        engine::FinishedEvent finished = branches_->totals();
        finished.reason =
            ending == ExpansionResult::Ending::cancelled ? StopReason::cancelled : StopReason::end_of_text;
        finished.prompt_tokens = state_.prompt_tokens;
        finished.cached_tokens = state_.cached_tokens;
        finished.moved_tokens = state_.moved_tokens;
        finished.forced_tokens = state_.forced_tokens;
        finished.first_token_ms = state_.first_text_ms;
        finished.decode_ms = state_.total_ms - state_.first_text_ms;
        result_->finished = std::move(finished);
        result_->written = branches_->written();
        result_->error = branches_->error();
    }
}

void Expansion::cancel() {
    if (cancelled_ || stage_ == Stage::ended) {
        return;
    }
    cancelled_ = true;
    if (stage_ == Stage::points) {
        branches_->cancel();
        return;
    }
    for (const Choice& choice : choices_) {
        if (choice.request != 0) {
            engine_.cancel(choice.request);
        }
    }
    if (asked_ != 0) {
        engine_.cancel(asked_);
    }
}

void Expansion::abandon() {
    if (stage_ == Stage::ended) {
        return;
    }
    cancel();
    if (stage_ == Stage::points) {
        branches_->abandon();
        points_ended();
    } else {
        end(ExpansionResult::Ending::cancelled);
    }
}

std::optional<ExpansionResult> Expansion::take_result() {
    return std::exchange(result_, std::nullopt);
}

}  // namespace tendril::app
