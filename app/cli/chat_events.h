// SPDX-License-Identifier: Apache-2.0
// The chat worker's events as tendril-cli prints them: one JSON object a line, or plain text for people. Main
// thread.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "app/worker_events.h"

namespace tendril::app::cli {

/// For --help.
extern const char* const kChatEventsHelp;

/// Nothing for events that are not printed. Every object has `event` and `time_ms` (monotonic clock of the
/// machine).
std::optional<nlohmann::ordered_json> to_json(const WorkerEvent& event);
/// For people: answers as they come. Of points the outline first, then the whole text.
class ChatText {
  public:
    std::string of(const WorkerEvent& event);  ///< empty for what they need not see

  private:
    bool in_points_ = false;  // the answer that is being written
};

}  // namespace tendril::app::cli
