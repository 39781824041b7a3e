// SPDX-License-Identifier: Apache-2.0
// Decides which messages of a conversation the model reads when not all fit. Never silent: the result names what was left out.
// Pure functions over a token counter.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "engine/result.h"
#include "prompt/conversation.h"

namespace tendril::prompt {

/// Tokens of the prompt that these messages render to; an error when the template refuses them.
using PromptCounter = std::function<Result<std::size_t>(const ChatMessages&)>;

struct FitRequest {
    ChatMessages messages;             ///< system first if there is one; the last is the user's new turn
    std::size_t context_tokens = 0;    ///< of the model as loaded
    std::size_t answer_reserve = 512;  ///< tokens kept free for the answer (less if the context is small: at most a quarter)
};

struct FitResult {
    ChatMessages messages;              ///< what to render
    std::vector<std::size_t> left_out;  ///< indices into FitRequest::messages, ascending
    std::size_t prompt_tokens = 0;
};

/// Keeps the system message and the newest turns whole; leaves out the oldest exchanges in blocks (a user message together with the
/// answers to it), and enough of them that the next turns fit as well (down to half of the context), so that the cached prefix
/// is not thrown away at every turn. Error too_large, with both numbers, when system + last user message alone do not fit.
Result<FitResult> fit_to_context(const FitRequest& request, const PromptCounter& count);

}  // namespace tendril::prompt
