// SPDX-License-Identifier: Apache-2.0
// JSON as a grammar. Pure; any thread.
#include "prompt/json_grammar.h"

#include <algorithm>

namespace tendril::prompt {

const std::map<std::string, BaseRule, std::less<>>& base_rules() {
    static const std::map<std::string, BaseRule, std::less<>> rules = {
        // No escapes of surrogates: alone they are no characters, and a pair can be written as it is.
        {"char",
         {R"([^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex hex hex | [dD] [0-7] hex hex)))",
          {"hex"}}},
        {"hex", {"[0-9a-fA-F]", {}}},
        {"string", {R"("\"" char* "\"")", {"char"}}},
        {"integer", {R"("-"? ("0" | [1-9] [0-9]{0,17}))", {}}},
        {"number", {R"("-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?)", {}}},
        {"boolean", {R"("true" | "false")", {}}},
        {"null", {R"("null")", {}}},
        {"value",
         {"object | array | string | number | boolean | null",
          {"object", "array", "string", "number", "boolean", "null"}}},
        {"object", {R"("{" (string ": " value (", " string ": " value)*)? "}")", {"string", "value"}}},
        {"array", {R"("[" (value (", " value)*)? "]")", {"value"}}},
    };
    return rules;
}

bool is_of(const Json& value, std::string_view type) {
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
           (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
           (type == "null" && value.is_null());
}

void write_json(const Json& value, std::string& out) {
    if (value.is_object() || value.is_array()) {
        out += value.is_object() ? '{' : '[';
        bool first = true;
        for (const auto& item : value.items()) {
            out += first ? "" : ", ";
            first = false;
            if (value.is_object()) {
                out += Json(item.key()).dump() + ": ";
            }
            write_json(item.value(), out);
        }
        out += value.is_object() ? '}' : ']';
    } else {
        out += value.dump();
    }
}

std::string json_text(const Json& value) {
    std::string text;
    write_json(value, text);
    return text;
}

std::size_t depth_of(const Json& value, std::size_t most) {
    std::size_t depth = 0;
    if (most > 0 && (value.is_object() || value.is_array())) {
        for (const auto& item : value) {
            depth = std::max(depth, depth_of(item, most - 1));
        }
    }
    return depth + 1;
}

std::string literal_of(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + '"';
}

std::string shortened(std::string_view text, std::size_t most) {
    std::size_t end = std::min(text.size(), most);
    while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    return std::string(text.substr(0, end));
}

}  // namespace tendril::prompt
