// SPDX-License-Identifier: Apache-2.0
// Any bytes as a chat template, rendered with a conversation: never a crash, an endless loop, or text beyond
// the limits. libFuzzer's thread.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "prompt/chat_template.h"

namespace {

const nlohmann::ordered_json& variables() {
    static const auto kVariables = nlohmann::ordered_json::parse(R"({
        "messages": [{"role": "system", "content": " Be kind.\n"}, {"role": "user", "content": "Gr\u00fc\u00dfe \ud83d\ude00 <b>"},
                     {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"a": [1, 2.5, true]}}}]}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "array"}}}}}],
        "bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": true, "n": 7, "x": 2.5, "e": "", "z": null, "d": {}, "l": []})");
    return kVariables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tendril::prompt::TemplateLimits limits;
    limits.steps = 20'000;  // small, so that many inputs are tried
    limits.memory_bytes = 1 << 20;
    limits.output_bytes = 1 << 16;
    const auto compiled =
        tendril::prompt::ChatTemplate::compile({reinterpret_cast<const char*>(data), size}, limits);
    if (!compiled.has_value()) {
        return compiled.error().message.empty() ? std::abort(), 0 : 0;
    }
    const auto text = compiled->render(variables(), 1722000000);
    if (text.has_value() ? text->size() > limits.output_bytes : text.error().message.empty()) {
        std::abort();
    }
    return 0;
}
