// SPDX-License-Identifier: Apache-2.0
// A queue of things to do for one thread, with a wait that ends at a deadline. put() from any thread; take()
// from its reader only.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace tendril::app {

using Clock = std::chrono::steady_clock;

class Mailbox {
  public:
    using Task = std::function<void()>;

    void put(Task task);
    /// The next task; none when the deadline passed first. Without a deadline it waits for a task.
    std::optional<Task> take(std::optional<Clock::time_point> deadline);

  private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Task> tasks_;
};

/// One thread that does background jobs (hashing, reading headers) in order; the destructor skips jobs not
/// begun, unless they must run.
class JobThread {
  public:
    JobThread();
    ~JobThread();
    JobThread(const JobThread&) = delete;
    JobThread& operator=(const JobThread&) = delete;

    void post(Mailbox::Task job);        ///< may be skipped at the end of the program
    void post_final(Mailbox::Task job);  ///< always runs (saving the settings)
    bool ending() const { return ending_; }

  private:
    Mailbox mailbox_;
    std::atomic<bool> ending_{false};
    bool ended_ = false;  // job thread only
    std::thread thread_;
};

}  // namespace tendril::app
