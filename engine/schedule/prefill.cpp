// SPDX-License-Identifier: Apache-2.0
// Reading ahead.
#include "engine/schedule/prefill.h"

#include <algorithm>
#include <utility>

namespace tendril::engine {

Prefill::Prefill(RequestId id, PrefillRequest request, EventSink sink, Clock::time_point submitted)
    : Task(id, Priority::background, std::move(request.tokens), std::move(sink), request.cache),
      submitted_(submitted) {}

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
    end(result_);
}

}  // namespace tendril::engine
