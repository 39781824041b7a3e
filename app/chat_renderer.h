// SPDX-License-Identifier: Apache-2.0
// A conversation as the text that a model wants to read: its own template, with fallbacks that are never
// silent. Any thread; owned by PromptComposer and by commands of the command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "prompt/chat_template.h"
#include "prompt/conversation.h"

namespace tendril::app {

class ChatRenderer {
  public:
    ChatRenderer(const std::optional<std::string>& template_source, std::string_view bos_text,
                 std::string_view eos_text);

    struct Text {
        std::string text;
        bool chatml = false;  ///< not the model's own format
        std::string warning;
    };
    /// Ends with the opening of the assistant's turn.
    Result<Text> render(const prompt::ChatMessages& messages) const;

    const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    Result<std::string> with(const prompt::ChatTemplate& form, const prompt::ChatMessages& messages) const;

    std::string bos_text_;
    std::string eos_text_;
    std::optional<prompt::ChatTemplate> own_;
    std::optional<prompt::ChatTemplate> chatml_;
    std::vector<std::string> warnings_;
};

}  // namespace tendril::app
