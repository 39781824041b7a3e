// SPDX-License-Identifier: Apache-2.0
// WriteQueue. Chat worker's thread only.
#include "app/write_queue.h"

#include <utility>

#include "app/journal.h"

namespace tendril::app {

void WriteQueue::run(Write write, Clock::time_point now) {
    Error error{ErrorCode::disk_full, "What was written before this is not saved yet.", {}};
    if (waiting_.empty()) {
        const Status done = write.attempt();
        if (done) {
            return;
        }
        error = done.error();
    }
    if (!may_pass(error)) {
        on_refused(write, error);
        return;
    }
    if (waiting_.empty()) {
        due_ = now + kJournalRetry;
    }
    waiting_.push_back({++serial_, std::move(write), error.message});
    on_wait(waiting_.back().write, error, serial_);
}

void WriteQueue::drop(ConversationId conversation) {
    std::deque<Waiting> kept;
    std::deque<Waiting> dropped;
    for (Waiting& one : waiting_) {
        (one.write.conversation == conversation ? dropped : kept).push_back(std::move(one));
    }
    waiting_ = std::move(kept);
    for (const Waiting& one : dropped) {
        on_refused(one.write, Error{ErrorCode::cancelled, one.error, {}});
    }
}

void WriteQueue::tick(Clock::time_point now) {
    if (waiting_.empty() || now < due_) {
        return;
    }
    while (!waiting_.empty()) {
        const Status done = waiting_.front().write.attempt();
        if (!done && may_pass(done.error())) {
            due_ = now + kJournalRetry;
            return;
        }
        const Waiting one = std::move(waiting_.front());
        waiting_.pop_front();
        if (done) {
            on_done_late(one.write);
        } else {
            on_refused(one.write, done.error());
        }
    }
}

}  // namespace tendril::app
