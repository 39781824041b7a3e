// SPDX-License-Identifier: Apache-2.0
// From a conversation to the text that a model reads, whatever its template makes of it: falls back in words,
// never silently. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "prompt/chat_template.h"
#include "prompt/conversation.h"

namespace tendril::prompt {

struct RenderedPrompt {
    std::string text;
    std::string warning;             ///< a sentence for a person; empty when the model's own template did all
    std::vector<std::string> stops;  ///< texts that end an answer besides the model's end tokens
    bool used_fallback = false;      ///< the text is ChatML, not the model's template
};

struct RenderOptions {
    std::string_view bos_text;
    std::string_view eos_text;
    bool add_generation_prompt = true;
};

/// Renders with `model_template` (null: the model has none). A template that refuses a system message gets
/// its text in front of the first user message instead. A template that fails otherwise, or none, gives
/// ChatML and a warning that says why.
RenderedPrompt render_chat(const ChatTemplate* model_template, const ChatMessages& messages,
                           const RenderOptions& options);

/// The conversation with its leading system messages merged into the first user message; nothing of their
/// text is lost.
ChatMessages with_system_in_user(const ChatMessages& messages);

/// What ends an answer when a conversation was rendered as ChatML.
std::vector<std::string> chatml_stops();

}  // namespace tendril::prompt
