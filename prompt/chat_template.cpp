// SPDX-License-Identifier: Apache-2.0
// The border of the template interpreter: JSON in, text or a sentence out. Immutable after compile(); any
// thread.
#include "prompt/chat_template.h"

#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

#include "prompt/jinja/heap.h"
#include "prompt/jinja/parser.h"
#include "prompt/jinja/runtime.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kStackLevels = 8;  ///< of evaluation for each level that TemplateLimits::depth allows
constexpr std::size_t kCreatedPerInputByte = 64;
constexpr std::size_t kLargestInputDepth = 128;

std::string sentence(const jinja::Failure& failure, int line) {
    const int at = failure.line > 0 ? failure.line : line;
    return "The chat template fails in line " + std::to_string(at) + ": " + failure.message +
           (failure.message.ends_with('.') ? "" : ".");
}

jinja::Value to_value(jinja::Heap& heap, const ordered_json& json, std::size_t depth) {
    using jinja::Kind;
    using jinja::Value;
    if (depth == 0) {
        jinja::raise("the variables nest too deep", ErrorCode::too_large);
    }
    switch (json.type()) {
        case ordered_json::value_t::boolean:
            return Value(json.get<bool>());
        case ordered_json::value_t::number_integer:
            return Value(json.get<std::int64_t>());
        case ordered_json::value_t::number_unsigned:
            if (json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
                return Value(json.get<double>());
            }
            return Value(json.get<std::int64_t>());
        case ordered_json::value_t::number_float:
            return Value(json.get<double>());
        case ordered_json::value_t::string: {
            const auto& text = json.get_ref<const std::string&>();
            return jinja::make_string(heap, jinja::is_valid_utf8(text) ? text : jinja::repaired_utf8(text));
        }
        case ordered_json::value_t::array: {
            std::vector<Value> items;
            for (const auto& item : json) {
                items.push_back(to_value(heap, item, depth - 1));
            }
            return jinja::make_list(heap, std::move(items));
        }
        case ordered_json::value_t::object: {
            auto* dict = heap.make<jinja::Dict>();
            for (const auto& [key, item] : json.items()) {
                const std::string name = jinja::is_valid_utf8(key) ? key : jinja::repaired_utf8(key);
                dict->set(heap, jinja::make_string(heap, name), to_value(heap, item, depth - 1));
            }
            return Value(Kind::dict, dict);
        }
        default:
            return Value::none();
    }
}

/// What the input itself takes, so that long conversations do not eat the template's own budget.
std::size_t input_bytes(const ordered_json& json) {
    std::size_t bytes = 256;
    if (json.is_string()) {
        bytes += 4 * json.get_ref<const std::string&>().size();
    } else if (json.is_structured()) {
        for (const auto& [key, item] : json.items()) {
            bytes += 512 + 4 * key.size() + input_bytes(item);
        }
    }
    return bytes;
}

bool too_deep(const ordered_json& json, std::size_t depth) {
    if (depth == 0) {
        return true;
    }
    if (json.is_structured()) {
        for (const auto& item : json) {
            if (too_deep(item, depth - 1)) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

struct ChatTemplate::Program {
    jinja::ParsedTemplate parsed;
    TemplateLimits limits;
};

ChatTemplate::ChatTemplate(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::compile(std::string_view source, TemplateLimits limits) {
    if (source.size() > limits.source_bytes) {
        return fail(ErrorCode::too_large, "The chat template has " + std::to_string(source.size()) +
                                              " bytes; at most " + std::to_string(limits.source_bytes) +
                                              " are allowed.");
    }
    if (!jinja::is_valid_utf8(source)) {
        return fail(ErrorCode::malformed, "The chat template is not valid UTF-8 text.");
    }
    try {
        auto program = std::make_unique<Program>();
        program->limits = limits;
        jinja::parse(source, limits.depth, program->parsed);
        return ChatTemplate(std::move(program));
    } catch (const jinja::Failure& failure) {
        return fail(failure.code, sentence(failure, 1));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "There is not enough memory for the chat template.");
    }
}

Result<std::string> ChatTemplate::render(const ordered_json& variables,
                                         std::optional<std::time_t> now) const {
    if (!variables.is_object() || too_deep(variables, kLargestInputDepth)) {
        return fail(ErrorCode::invalid_argument,
                    "The variables of the chat template are no object, or nest too deep.");
    }
    const TemplateLimits& limits = program_->limits;
    try {
        const std::size_t input_size = input_bytes(variables);
        const std::size_t text_size = input_size / 4;
        const jinja::RenderBudget budget{limits.steps + text_size,
                                         limits.memory_bytes + kCreatedPerInputByte * text_size,
                                         limits.depth * kStackLevels, limits.depth, limits.output_bytes};
        jinja::Heap input(input_size, limits.steps + input_size, kLargestInputDepth);
        jinja::Interpreter interpreter(program_->parsed, budget, now.value_or(std::time(nullptr)));
        for (const auto& [name, value] : variables.items()) {
            interpreter.set_variable(name, to_value(input, value, kLargestInputDepth));
        }
        try {
            return interpreter.render();
        } catch (const jinja::Failure& failure) {
            return fail(failure.code, sentence(failure, interpreter.line()));
        }
    } catch (const jinja::Failure& failure) {
        return fail(failure.code, sentence(failure, 1));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "There is not enough memory to render the chat template.");
    }
}

std::string_view chatml_template() {
    return "{%- for message in messages -%}\n"
           "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}\n"
           "{%- endfor -%}\n"
           "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}\n";
}

ordered_json template_variables(const ChatMessages& messages, std::string_view bos_text,
                                std::string_view eos_text, bool add_generation_prompt) {
    ordered_json list = ordered_json::array();
    for (const ChatMessage& message : messages) {
        list.push_back(ordered_json{{"role", message.role}, {"content", message.content}});
    }
    return ordered_json{{"messages", std::move(list)},
                        {"add_generation_prompt", add_generation_prompt},
                        {"bos_token", bos_text},
                        {"eos_token", eos_text}};
}

}  // namespace tendril::prompt
