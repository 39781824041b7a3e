// SPDX-License-Identifier: Apache-2.0
// ChatRenderer. Any thread.
#include "app/chat_renderer.h"

#include <nlohmann/json.hpp>

namespace tendril::app {
namespace {

/// For templates without a system role: its text goes in front of the first question.
prompt::ChatMessages without_system(const prompt::ChatMessages& messages) {
    prompt::ChatMessages merged(messages.begin() + 1, messages.end());
    if (!merged.empty()) {
        merged.front().content = messages.front().content + "\n\n" + merged.front().content;
    }
    return merged;
}

}  // namespace

ChatRenderer::ChatRenderer(const std::optional<std::string>& template_source, std::string_view bos_text,
                           std::string_view eos_text)
    : bos_text_(bos_text), eos_text_(eos_text) {
    if (auto chatml = prompt::ChatTemplate::compile(prompt::chatml_template())) {
        chatml_ = std::move(*chatml);
    }
    if (!template_source || template_source->empty()) {
        warnings_.emplace_back("This model has no chat template; ChatML is used.");
        return;
    }
    auto own = prompt::ChatTemplate::compile(*template_source);
    if (own) {
        own_ = std::move(*own);
    } else {
        warnings_.push_back("This model's chat template cannot be read (" + own.error().message +
                            "); ChatML is used.");
    }
}

Result<std::string> ChatRenderer::with(const prompt::ChatTemplate& form,
                                       const prompt::ChatMessages& messages) const {
    return form.render(prompt::template_variables(messages, bos_text_, eos_text_, true));
}

Result<ChatRenderer::Text> ChatRenderer::render(const prompt::ChatMessages& messages) const {
    std::string warning;
    if (own_) {
        auto text = with(*own_, messages);
        if (text) {
            return Text{std::move(*text), false, {}};
        }
        if (messages.size() > 1 && messages.front().role == "system") {
            if (auto merged = with(*own_, without_system(messages))) {
                return Text{std::move(*merged), false, {}};
            }
        }
        warning = "This model's chat template failed (" + text.error().message + "); ChatML was used.";
    }
    if (!chatml_) {
        return fail(ErrorCode::internal, "The built-in chat template cannot be read.");
    }
    auto text = with(*chatml_, messages);
    if (!text) {
        return fail(text.error());
    }
    return Text{std::move(*text), true, std::move(warning)};
}

}  // namespace tendril::app
