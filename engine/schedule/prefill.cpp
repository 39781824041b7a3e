// SPDX-License-Identifier: Apache-2.0
// Reading ahead.
#include "engine/schedule/prefill.h"

#include <algorithm>
#include <utility>

#include "engine/schedule/scoring.h"

namespace tendril::engine {

Prefill::Prefill(RequestId id, PrefillRequest request, EventSink sink, Clock::time_point submitted)
    : Task(id, Priority::background, std::move(request.tokens), std::move(sink), request.cache),
      losses_(request.losses),
      submitted_(submitted) {}

/// Behind a gap (after a pause others may have read on) the list begins anew.
void Prefill::take(std::size_t position, std::span<float> logits) {
    std::vector<float>& known = result_.logprobs;
    if (result_.logprobs_from + known.size() != position + 1) {
        known.clear();
        result_.logprobs_from = static_cast<std::uint32_t>(position + 1);
    }
    const std::optional<float> logprob =
        log_probability(logits, static_cast<std::size_t>(tokens_[position + 1]));
    if (!logprob) {
        fail_with({ErrorCode::malformed,
                   "The model gave numbers that are not finite; its file may be damaged.", "prefill"});
        return;
    }
    known.push_back(*logprob);
}

void Prefill::started(std::size_t reused) {
    if (!std::exchange(ran_,
                       true)) {  // after a pause what was read before is reused, but not for the first time
        result_.reused = static_cast<std::uint32_t>(reused);
    }
    if (reused == tokens_.size()) {
        finish(true);
    }
}

void Prefill::step_done(std::size_t, std::size_t) {
    if (!finished() && pending() == 0) {
        finish(true);
    }
}

void Prefill::cancel() {
    if (!finished()) {
        finish(false);
    }
}

void Prefill::finish(bool complete) {
    result_.complete = complete;
    result_.tokens = static_cast<std::uint32_t>(view.length());
    result_.ms = milliseconds_between(submitted_, Clock::now());
    end(std::move(result_));
}

}  // namespace tendril::engine
