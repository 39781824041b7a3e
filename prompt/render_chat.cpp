// SPDX-License-Identifier: Apache-2.0
// The model's template, then its template without a system role, then ChatML; see render_chat.h. Pure; any
// thread.
#include "prompt/render_chat.h"

#include <nlohmann/json.hpp>

namespace tendril::prompt {
namespace {

/// ChatML in plain code: it is the answer to templates that fail, so it must not be able to fail.
std::string chatml(const ChatMessages& messages, bool add_generation_prompt) {
    std::string text;
    for (const ChatMessage& message : messages) {
        text += "<|im_start|>" + message.role + "\n" + message.content + "<|im_end|>\n";
    }
    return add_generation_prompt ? text + "<|im_start|>assistant\n" : text;
}

RenderedPrompt fallback(const ChatMessages& messages, const RenderOptions& options, std::string warning) {
    return {chatml(messages, options.add_generation_prompt), std::move(warning), chatml_stops(), true};
}

}  // namespace

std::vector<std::string> chatml_stops() {
    return {"<|im_end|>", "<|im_start|>"};
}

ChatMessages with_system_in_user(const ChatMessages& messages) {
    std::string system;
    std::size_t first = 0;
    for (; first < messages.size() && messages[first].role == "system"; ++first) {
        system += (system.empty() ? "" : "\n\n") + messages[first].content;
    }
    ChatMessages merged(messages.begin() + static_cast<std::ptrdiff_t>(first), messages.end());
    if (system.empty()) {
        return merged;
    }
    for (ChatMessage& message : merged) {
        if (message.role == "user") {
            message.content = system + "\n\n" + message.content;
            return merged;
        }
    }
    merged.insert(merged.begin(), ChatMessage{"user", system});
    return merged;
}

RenderedPrompt render_chat(const ChatTemplate* model_template, const ChatMessages& messages,
                           const RenderOptions& options) {
    if (model_template == nullptr) {
        return fallback(messages, options,
                        "This model brings no chat template; the conversation is given to it as ChatML.");
    }
    const auto render = [&](const ChatMessages& list) {
        return model_template->render(
            template_variables(list, options.bos_text, options.eos_text, options.add_generation_prompt));
    };
    auto text = render(messages);
    if (text.has_value()) {
        return {std::move(*text), {}, {}, false};
    }
    const std::string reason = text.error().message;
    if (!messages.empty() && messages.front().role == "system") {
        text = render(with_system_in_user(messages));
        if (text.has_value()) {
            return {std::move(*text),
                    "This model knows no system prompt; its text stands in front of the first message.",
                    {},
                    false};
        }
    }
    return fallback(messages, options, reason + " The conversation is given to the model as ChatML.");
}

}  // namespace tendril::prompt
