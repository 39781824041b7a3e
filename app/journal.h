// SPDX-License-Identifier: Apache-2.0
// Writes one reply into the database while it grows: what was shown is on the disk 250 ms later. When the
// disk is full the text waits in memory and is tried again. Chat worker's thread only; owned by TurnRunner.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/mailbox.h"
#include "storage/chat_store.h"

namespace tendril::app {

/// From a text's arrival to its writing; the rest of the promised 250 ms is for the disk.
inline constexpr auto kJournalInterval = std::chrono::milliseconds(180);
/// Between attempts when the disk is full.
inline constexpr auto kJournalRetry = std::chrono::seconds(2);

class ReplyJournal {
  public:
    using Report = std::function<void(const Error&)>;  ///< told once per row of failures

    /// `id` is a reply that is begun. `interval` is for tests.
    ReplyJournal(storage::ChatStore& store, storage::MessageId id, Report report,
                 Clock::duration interval = kJournalInterval);

    void add(std::string_view text, Clock::time_point now);
    /// The reply grows in these points from now on, or in none any more; see ChatStore::begin_points().
    void begin_points(std::vector<std::string> headings, std::string expansion, Clock::time_point now);
    void add_to_point(std::uint32_t point, std::string_view text, Clock::time_point now);
    /// The reply ended; of points, `message` has the whole text too. `message` carries status, error and
    /// counters. Written at once, after the text that still waits.
    void finish(storage::Message message, Clock::time_point now);

    /// When write_due() has something to do; nothing = never.
    std::optional<Clock::time_point> due() const { return due_; }
    void write_due(Clock::time_point now);
    /// Last chance before the program ends. False when the disk does not take it.
    bool flush(Clock::time_point now);

    bool closed() const { return closed_; }  ///< finished, and all of it is on the disk
    bool failing() const { return failing_; }
    storage::MessageId id() const { return id_; }

  private:
    struct Points {
        std::vector<std::string> headings;
        std::string expansion;
    };

    void write(Clock::time_point now);
    Status write_waiting();
    Status write_end();
    void wait(Clock::time_point now);
    void failed(const Error& error, Clock::time_point now);

    storage::ChatStore& store_;
    storage::MessageId id_;
    Report report_;
    Clock::duration interval_;
    std::string waiting_;
    bool in_points_ = false;
    std::optional<Points> new_points_;
    std::map<std::uint32_t, std::string> waiting_pieces_;  // by point
    std::optional<storage::Message> end_;
    std::optional<Clock::time_point> due_;
    bool failing_ = false;
    bool closed_ = false;
};

/// True for failures that may pass by themselves (full disk, locked file), so that trying again makes sense.
bool may_pass(const Error& error);

}  // namespace tendril::app
