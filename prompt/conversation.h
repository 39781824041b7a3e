// SPDX-License-Identifier: Apache-2.0
// A conversation as the prompt room sees it: roles and texts, nothing of storage or the window. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tendril::prompt {

struct ChatMessage {
    std::string role;  ///< "system", "user", "assistant", "tool"
    std::string content;
};

using ChatMessages = std::vector<ChatMessage>;

}  // namespace tendril::prompt
