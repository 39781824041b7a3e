// SPDX-License-Identifier: Apache-2.0
// Mailbox and JobThread. put() and post() from any thread; the rest on the thread that reads the queue.
#include "app/mailbox.h"

#include <utility>

namespace tendril::app {

void Mailbox::put(Task task) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
    }
    filled_.notify_one();
}

std::optional<Mailbox::Task> Mailbox::take(std::optional<Clock::time_point> deadline) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !tasks_.empty(); };
    if (deadline) {
        if (!filled_.wait_until(lock, *deadline, ready)) {
            return std::nullopt;
        }
    } else {
        filled_.wait(lock, ready);
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
}

JobThread::JobThread()
    : thread_([this] {
          while (!ended_) {
              (*mailbox_.take(std::nullopt))();
          }
      }) {}

JobThread::~JobThread() {
    ending_ = true;
    mailbox_.put([this] { ended_ = true; });
    thread_.join();
}

void JobThread::post(Mailbox::Task job) {
    mailbox_.put([this, work = std::move(job)] {
        if (!ending_) {
            work();
        }
    });
}

void JobThread::post_final(Mailbox::Task job) {
    mailbox_.put(std::move(job));
}

}  // namespace tendril::app
