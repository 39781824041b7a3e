// SPDX-License-Identifier: Apache-2.0
// How waits within a step are spent; see step_waits.h.
#include "engine/backend/cpu/step_waits.h"

#include <ctime>

namespace tendril::engine {

StepWaits::StepWaits(ThreadPool& pool, Seconds (*clock)()) : pool_(pool), clock_(clock) {}

StepWaits::Seconds StepWaits::computing_time() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
    timespec time{};
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0) {
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    }
#endif
    return {};
}

void StepWaits::begin(std::size_t rows) {
    together_ = false;
    measures_ = false;
    if (!pool_.short_of_cores()) {
        return;
    }
    rows_ = rows;
    if (rows > kFewRows) {
        together_ = true;
    } else {
        // Together, threads spin: what they spent would say nothing of the step.
        together_ = times_[rows] > kLongStep && ++steps_ % kAgain != 0;
        measures_ = !together_;
        began_ = measures_ ? clock_() : Seconds{};
    }
    pool_.keep_together(together_);
}

void StepWaits::begin_logits() {
    pool_.keep_together(together_);
}

void StepWaits::end() {
    if (measures_) {
        times_[rows_] = clock_() - began_;
        measures_ = false;
    }
    pool_.keep_together(false);
}

}  // namespace tendril::engine
