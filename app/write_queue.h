// SPDX-License-Identifier: Apache-2.0
// Writes that must not be lost when the disk is full: tried at once, then again every two seconds, in order.
// What they carry stays in memory and is shown. Chat worker's thread only; owned by ConversationDesk.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "app/mailbox.h"
#include "app/worker_events.h"

namespace tendril::app {

class WriteQueue {
  public:
    struct Write {
        ConversationId conversation = 0;
        std::string text;  ///< of a user, to be shown while it waits; may be empty
        std::function<Status()>
            attempt;  ///< may be called again after a failure; must not repeat what is done already
    };
    std::function<void(const Write&, const Error&, std::int64_t serial)> on_wait;  ///< it waits from now on
    std::function<void(const Write&, const Error&)> on_refused;  ///< it will never work (read-only database)
    std::function<void(const Write&)> on_done_late;              ///< it worked after waiting

    void run(Write write, Clock::time_point now);
    void drop(ConversationId conversation);  ///< calls on_refused with ErrorCode::cancelled

    std::optional<Clock::time_point> due() const {
        return waiting_.empty() ? std::nullopt : std::optional(due_);
    }
    void tick(Clock::time_point now);

    /// (serial, text, error) of what waits in a conversation.
    struct Waiting {
        std::int64_t serial = 0;
        Write write;
        std::string error;
    };
    const std::deque<Waiting>& waiting() const { return waiting_; }

  private:
    std::deque<Waiting> waiting_;
    std::int64_t serial_ = 0;
    Clock::time_point due_;
};

}  // namespace tendril::app
