// SPDX-License-Identifier: Apache-2.0
// From one row's logits to the log-probabilities of the options.
#include "engine/schedule/choice.h"

#include <algorithm>
#include <utility>

#include "engine/schedule/scoring.h"

namespace tendril::engine {

Choice::Choice(RequestId id, ChooseRequest request, EventSink sink, Clock::time_point submitted)
    : Task(id, request.priority, std::move(request.prompt), std::move(sink), request.cache),
      options_(std::move(request.options)),
      keep_(request.keep),
      submitted_(submitted) {
    set_moved(std::move(request.moved));
    result_.logprobs.reserve(options_.size());
    result_.prompt_tokens = static_cast<std::uint32_t>(tokens_.size());
}

std::size_t Choice::worth_keeping() const {
    return std::max(keep_, shared);
}

void Choice::started(std::size_t reused) {
    if (!std::exchange(ran_, true)) {  // after a pause what was read before is reused, but not for the first
        result_.cached_tokens = static_cast<std::uint32_t>(reused);
        keep_ = std::max(keep_, reused);
    }
}

void Choice::take(std::size_t, std::span<float> logits) {
    if (!log_softmax(logits)) {
        fail_with({ErrorCode::malformed,
                   "The model gave numbers that are not finite; its file may be damaged.", "choose"});
        return;
    }
    for (const TokenId option : options_) {
        result_.logprobs.push_back(logits[static_cast<std::size_t>(option)]);
    }
    chosen_ = true;
}

void Choice::step_done(std::size_t, std::size_t) {
    if (!finished() && chosen_) {
        result_.moved_tokens = static_cast<std::uint32_t>(moved_tokens);
        result_.ms = milliseconds_between(submitted_, Clock::now());
        end(std::move(result_));
    }
}

void Choice::cancel() {
    fail_with({ErrorCode::cancelled, "The choice was stopped.", {}});
}

}  // namespace tendril::engine
