// SPDX-License-Identifier: Apache-2.0
// Branches: asking for points, watching them, ending them. What stands in front of a point is in
// branch_stages.cpp.
#include "app/expand/branches.h"

#include <algorithm>
#include <utility>

#include "app/expand/branch.h"
#include "app/turn_records.h"

namespace tendril::app {

namespace skeleton = prompt::skeleton;
using engine::StopReason;
using skeleton::PointStop;

namespace {

constexpr std::uint32_t kPageTokens = 64;  // a branch fills its last page for itself
constexpr std::uint64_t kSeedStep = 0x9E3779B97F4A7C15;

const char* name_of_stop(PointStop stop) {
    switch (stop) {
        case PointStop::sentences:
            return "sentences";
        case PointStop::sibling:
            return "sibling";
        case PointStop::repeats:
            return "repeats";
        case PointStop::cap:
            return "cap";
        case PointStop::none:
            break;
    }
    return "";
}

}  // namespace

Branches::Branches(BranchesRequest request, const PromptComposer& composer, const skeleton::Phrases& phrases,
                   const skeleton::Language& language, ExpansionPort& engine, ExpansionObserver& observer,
                   ExpansionState& state, std::function<double()> now_ms)
    : request_(std::move(request)),
      composer_(composer),
      phrases_(phrases),
      language_(language),
      engine_(engine),
      observer_(observer),
      state_(state),
      now_ms_(std::move(now_ms)) {
    auto& points = request_.points.points;
    // A point may build on earlier ones only; where one does not, each builds on the one in front of it.
    bool ordered = true;
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        ordered = ordered && std::all_of(points[i].needs.begin(), points[i].needs.end(),
                                         [i](std::uint32_t need) { return need < i; });
    }
    state_.points.clear();
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        if (!ordered) {
            points[i].needs = i == 0 ? std::vector<std::uint32_t>() : std::vector{i - 1};
        }
    }
    for (std::uint32_t i = 0; i < points.size(); ++i) {
        const std::string heading = skeleton::point_suffix(language_, points, i).heading;
        branches_.push_back(std::make_unique<Branch>(heading, skeleton::PointGuard(phrases_, points, i)));
        PointState point;
        point.title = points[i].title;
        point.heading = heading.substr(0, heading.find_last_not_of(" \n") + 1);
        point.needs = points[i].needs;
        state_.points.push_back(std::move(point));
    }
}

Branches::~Branches() = default;

std::optional<skeleton::Reason> Branches::check() {
    std::size_t widest = 0;
    for (std::uint32_t i = 0; i < branches_.size(); ++i) {
        const auto suffix = skeleton::point_suffix(language_, request_.points.points, i);
        const auto stage = composer_.extend(request_.stage, request_.outline, suffix.user, suffix.heading);
        if (!stage) {
            return phrases_.reason("template");
        }
        widest = std::max(widest, stage->tokens.size() + branches_[i]->guard.most_tokens());
    }
    const std::size_t stem = request_.stage.tokens.size() + request_.outline.tokens.size();
    const std::size_t own = (widest - std::min(widest, stem)) / kPageTokens + 2;  // pages of one branch
    const std::size_t room = request_.context - std::min<std::size_t>(request_.context, stem);
    const std::size_t lanes = std::min<std::size_t>(request_.lanes, room / (own * kPageTokens));
    if (widest > request_.context || lanes < std::min<std::size_t>({2, branches_.size(), request_.lanes})) {
        return phrases_.reason("context-too-small");
    }
    request_.lanes = static_cast<std::uint32_t>(lanes);
    return std::nullopt;
}

void Branches::start() {
    fill_lanes();
}

bool Branches::growing() const {
    return std::any_of(branches_.begin(), branches_.end(), [](const auto& one) { return one->request != 0; });
}

bool Branches::ended() const {
    const bool waits = std::any_of(state_.points.begin(), state_.points.end(), [](const PointState& point) {
        return point.phase == PointPhase::waiting;
    });
    return !growing() && (cancelled_ || !waits);
}

void Branches::fill_lanes() {
    const double reading_ms = state_.first_text_ms > 0 ? now_ms_() - state_.first_text_ms : 0;
    for (;;) {
        using Progress = skeleton::PointProgress;
        std::vector<Progress> points(branches_.size());
        std::uint32_t lanes = 0;
        for (std::size_t i = 0; i < points.size(); ++i) {
            const PointPhase phase = state_.points[i].phase;
            points[i].state = phase == PointPhase::waiting   ? Progress::State::waiting
                              : phase == PointPhase::growing ? Progress::State::growing
                                                             : Progress::State::done;
            points[i].tokens = state_.points[i].tokens;
            points[i].needs = state_.points[i].needs;
            lanes += phase == PointPhase::growing ? 1 : 0;
        }
        for (Progress& point : points) {
            point.predicted_tokens = skeleton::predicted_tokens(phrases_.limits, points);
        }
        const auto next =
            lanes < request_.lanes ? skeleton::next_point(phrases_.limits, points, reading_ms) : std::nullopt;
        if (!next) {
            return;
        }
        begin(*next);
    }
}

void Branches::begin(std::uint32_t index) {
    Branch& branch = *branches_[index];
    std::vector<engine::MovedText> moved;
    branch.stage = stage_of(index, moved);
    const std::size_t used = branch.stage ? branch.stage->tokens.size() : 0;
    if (!branch.stage || used + 1 >= request_.context) {
        set_phase(index, PointPhase::stopped, branch.stage ? "context_full" : "template");
        return;
    }
    engine::GenerateRequest generate;
    generate.prompt = branch.stage->tokens;
    generate.max_tokens = branch.guard.most_tokens();
    if (request_.most_tokens != 0) {
        generate.max_tokens = std::min(generate.max_tokens, request_.most_tokens);
    }
    generate.sampler = request_.sampler;
    generate.sampler.seed += kSeedStep * (index + 1);  // else all would draw by the same numbers
    generate.stop = request_.stop;
    const auto stops = skeleton::point_stops(index);
    generate.stop.insert(generate.stop.end(), stops.begin(), stops.end());
    generate.cache = request_.cache;
    generate.moved = std::move(moved);
    branch.begun_ms = now_ms_();
    branch.request = engine_.submit(std::move(generate));
    set_phase(index, PointPhase::growing, {});
}

bool Branches::handle(engine::RequestId request, const engine::Event& event) {
    const auto it = std::find_if(branches_.begin(), branches_.end(),
                                 [request](const auto& one) { return one->request == request; });
    if (request == 0 || it == branches_.end()) {
        return false;
    }
    const auto index = static_cast<std::uint32_t>(it - branches_.begin());
    if (const auto* text = std::get_if<engine::TextEvent>(&event)) {
        take_text(index, *text);
    } else if (const auto* finished = std::get_if<engine::FinishedEvent>(&event)) {
        end(index, *finished);
    } else if (!std::holds_alternative<engine::PrefillEvent>(event)) {
        const auto* error = std::get_if<Error>(&event);
        const bool cancelled = error != nullptr && error->code == ErrorCode::cancelled;
        if (!cancelled && !error_) {
            error_ = error != nullptr ? *error : Error{ErrorCode::internal, kOtherKind, {}};
        }
        engine::FinishedEvent nothing;
        nothing.reason = StopReason::cancelled;
        (*it)->failed = !cancelled;
        end(index, nothing);
    }
    return true;
}

void Branches::take_text(std::uint32_t index, const engine::TextEvent& text) {
    Branch& branch = *branches_[index];
    state_.points[index].tokens += text.tokens;
    if (branch.stopped != PointStop::none) {
        tell_text(index, text.tokens);  // drawn before the engine heard of it
        return;
    }
    branch.raw += text.text;
    branch.stopped = branch.guard.feed(text.text, text.tokens);
    tell_text(index, text.tokens);
    if (branch.stopped != PointStop::none && !cancelled_) {
        engine_.cancel(branch.request);
    }
}

void Branches::tell_text(std::uint32_t index, std::uint32_t tokens) {
    Branch& branch = *branches_[index];
    const std::string_view text = branch.guard.text();
    std::string more;
    if (text.size() > branch.told) {
        more = text.substr(branch.told);
        branch.told = text.size();
    }
    if (state_.first_text_ms == 0 && !more.empty()) {
        state_.first_text_ms = now_ms_();
    }
    if (index == 0 && state_.first_paragraph_ms == 0 && text.find("\n\n") != std::string_view::npos) {
        state_.first_paragraph_ms = now_ms_();
    }
    if (!more.empty() || tokens > 0) {
        observer_.on_point_text(index, more, tokens);
    }
}

void Branches::end(std::uint32_t index, const engine::FinishedEvent& finished) {
    Branch& branch = *branches_[index];
    branch.request = 0;
    if (finished.reason == StopReason::cancelled && branch.stopped == PointStop::none && !branch.failed) {
        cancel();  // also when it was the engine that ends everything
    }
    const bool by_itself = branch.stopped == PointStop::none && (finished.reason == StopReason::end_of_text ||
                                                                 finished.reason == StopReason::stop_text);
    if (branch.stopped == PointStop::none) {
        // A person who stops it wants to keep what they saw; else a sentence without end goes.
        branch.guard.end(by_itself || cancelled_);
    }
    tell_text(index, 0);
    const std::string_view kept = branch.guard.text();
    branch.drawn.text =
        kept.empty() ? std::string() : branch.raw.substr(0, branch.raw.find(kept) + kept.size());
    branch.drawn.tokens = finished.tokens;
    PointState& point = state_.points[index];
    point.ms = now_ms_() - branch.begun_ms;
    if (!finished.tokens.empty()) {
        point.tokens = static_cast<std::uint32_t>(finished.tokens.size());
    }
    totals_.tokens.insert(totals_.tokens.end(), finished.tokens.begin(), finished.tokens.end());
    totals_.prompt_tokens += finished.prompt_tokens;
    totals_.cached_tokens += finished.cached_tokens;
    totals_.moved_tokens += finished.moved_tokens;
    totals_.disk_tokens += finished.disk_tokens;
    const bool whole =
        by_itself || branch.stopped == PointStop::sentences || branch.stopped == PointStop::sibling;
    const char* stop = branch.failed                       ? "error"
                       : branch.stopped != PointStop::none ? name_of_stop(branch.stopped)
                                                           : name_of(finished.reason);
    if (index == 0 && state_.first_paragraph_ms == 0) {
        state_.first_paragraph_ms = now_ms_();
    }
    set_phase(index, whole ? PointPhase::done : PointPhase::stopped, stop);
    for (std::size_t i = 0; by_itself && i < branches_.size(); ++i) {
        if (i != index) {
            branches_[i]->guard.sibling_ended(point.tokens);
        }
    }
    if (!cancelled_) {
        fill_lanes();
    }
}

void Branches::set_phase(std::uint32_t index, PointPhase phase, std::string stop) {
    state_.points[index].phase = phase;
    state_.points[index].stop = std::move(stop);
    observer_.on_point_state(state_);
}

void Branches::cancel() {
    if (std::exchange(cancelled_, true)) {
        return;
    }
    for (const auto& branch : branches_) {
        if (branch->request != 0) {
            engine_.cancel(branch->request);
        }
    }
}

void Branches::abandon() {
    cancel();
    for (std::uint32_t i = 0; i < branches_.size(); ++i) {
        if (branches_[i]->request != 0) {
            engine::FinishedEvent nothing;
            nothing.reason = StopReason::cancelled;
            end(i, nothing);
        }
    }
}

std::uint32_t Branches::points_with_text() const {
    return static_cast<std::uint32_t>(std::count_if(branches_.begin(), branches_.end(), [](const auto& one) {
        return !one->copy && !one->guard.text().empty();
    }));
}

std::string Branches::stitched() {
    std::vector<std::string> texts;
    for (const auto& branch : branches_) {
        texts.emplace_back(branch->guard.text());
    }
    for (const std::uint32_t copy : skeleton::overlap(phrases_, texts).copies) {
        branches_[copy]->copy = true;
        state_.points[copy].phase = PointPhase::stopped;
        state_.points[copy].stop = "copy";
    }
    std::vector<skeleton::PointText> points;
    for (std::size_t i = 0; i < branches_.size(); ++i) {
        points.push_back({branches_[i]->heading, branches_[i]->copy ? std::string() : texts[i]});
    }
    skeleton::Stitched stitched = skeleton::stitch(points);
    for (std::size_t i = 0; i < branches_.size(); ++i) {
        state_.points[i].begin = static_cast<std::uint32_t>(stitched.points[i].begin);
        state_.points[i].end = static_cast<std::uint32_t>(stitched.points[i].end);
    }
    return std::move(stitched.text);
}

}  // namespace tendril::app
