// SPDX-License-Identifier: Apache-2.0
// What is kept with a message about what the model read for it: a JSON object whose parts belong to different
// owners. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/chat_store.h"

namespace tendril::app {

/// An answer that filled the context went on without the middle of what stood in front.
struct AnswerWindow {
    std::uint32_t times = 0;          ///< how often
    std::uint32_t tokens_before = 0;  ///< when it was full
    std::uint32_t tokens_after = 0;   ///< what it went on with
    bool operator==(const AnswerWindow&) const = default;
};

/// `context` with its part "memory": the representation that stood for the oldest messages; none: without
/// one.
std::string with_representation(std::string_view context, std::optional<storage::RepresentationId> id);
std::string with_window(std::string_view context, const AnswerWindow& window);
std::optional<AnswerWindow> window_of(std::string_view context);

}  // namespace tendril::app
