// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM for tendril-cli: the first one asks the running command to end cleanly, the second one
// ends the program. One thread waits for the signals, which all other threads block.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

namespace tendril::app::cli {

class Interrupt {
  public:
    /// Before any other thread is made.
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    bool asked() const { return asked_; }
    /// Readable once a signal has come; for poll().
    int descriptor() const { return told_; }

    /// While it lives, a signal calls `action` on the watching thread; otherwise it ends the program at once.
    class Scope {
      public:
        Scope(Interrupt& interrupt, std::function<void()> action);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        Interrupt& interrupt_;
    };

  private:
    void watch();

    int signals_ = -1;
    int told_ = -1;
    int end_ = -1;
    std::atomic<bool> asked_{false};
    std::mutex mutex_;
    std::function<void()> action_;  // under mutex_
    std::thread thread_;
};

}  // namespace tendril::app::cli
