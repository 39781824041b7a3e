// SPDX-License-Identifier: Apache-2.0
// Carries the worker's events to a slower reader (GUI thread, a pipe). Bounded: texts of one answer are
// joined, of progress only the newest is kept. push() on the worker's thread, take() on the reader's; shared
// by both.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "app/worker_events.h"

namespace tendril::app {

class EventQueue {
  public:
    using Clock = std::chrono::steady_clock;

    /// `wake` is called on the worker's thread when the queue was empty before; it must not wait. May be
    /// empty (see wait()).
    explicit EventQueue(std::function<void()> wake = {});

    void push(WorkerEvent event);
    std::vector<WorkerEvent> take();
    /// Waits until there is something, close(), wake() or the time is over.
    std::vector<WorkerEvent> wait(std::optional<Clock::time_point> until = std::nullopt);
    /// Ends one wait(), this or the next, though nothing has come. Any thread.
    void wake();
    void close();

  private:
    bool join(WorkerEvent& event);  // into what waits already

    std::function<void()> wake_;
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<WorkerEvent> events_;
    bool closed_ = false;
    bool woken_ = false;
};

}  // namespace tendril::app
