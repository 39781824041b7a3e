// SPDX-License-Identifier: Apache-2.0
// A model's own Jinja chat template, rendered by a bounded interpreter. Templates come from untrusted model
// files: budgets on source, steps, depth and output; nothing outside the given data can be reached. Immutable
// after compile(); any thread.
#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "engine/result.h"
#include "prompt/conversation.h"

namespace tendril::prompt {

struct TemplateLimits {
    std::size_t source_bytes = 256 * 1024;
    std::size_t steps = 1'000'000;  ///< evaluated nodes and loop turns
    std::size_t depth = 64;         ///< of nesting in source and of calls
    std::size_t output_bytes = 16 << 20;
    std::size_t memory_bytes = 32 << 20;  ///< text and lists that a rendering creates, kept or not
    // For each byte of its variables a rendering may take one step more, and create 64 bytes more.
};

/// The template that models without one get, and the fallback after a template error.
std::string_view chatml_template();

class ChatTemplate {
  public:
    static Result<ChatTemplate> compile(std::string_view source, TemplateLimits limits = {});

    ChatTemplate(ChatTemplate&&) noexcept;
    ChatTemplate& operator=(ChatTemplate&&) noexcept;
    ~ChatTemplate();

    /// `variables` is an object: messages, add_generation_prompt, bos_token, eos_token, tools, and whatever
    /// the template wants. The result equals Python jinja2's (ImmutableSandboxedEnvironment, trim_blocks,
    /// lstrip_blocks, loopcontrols) with the helpers that transformers gives: raise_exception, strftime_now,
    /// tojson. Errors name the template's line. `now` is what strftime_now shows, in local time; the clock's
    /// time when it is empty.
    Result<std::string> render(const nlohmann::ordered_json& variables,
                               std::optional<std::time_t> now = std::nullopt) const;

  private:
    struct Program;
    explicit ChatTemplate(std::unique_ptr<const Program> program);
    std::unique_ptr<const Program> program_;
};

/// `variables` for render() from a conversation.
nlohmann::ordered_json template_variables(const ChatMessages& messages, std::string_view bos_text,
                                          std::string_view eos_text, bool add_generation_prompt);

}  // namespace tendril::prompt
