// SPDX-License-Identifier: Apache-2.0
// Reads a list of messages as programs exchange them: [{"role": "user", "content": "…"}, …]. Main thread.
#pragma once

#include <string>

#include "engine/result.h"
#include "prompt/conversation.h"

namespace tendril::app::cli {

/// `path` "-" is stdin. Errors say which message is wrong.
Result<prompt::ChatMessages> read_messages(const std::string& path);

}  // namespace tendril::app::cli
