// SPDX-License-Identifier: Apache-2.0
// The rules of a grammar for JSON itself, and single JSON values as literals of a grammar. Pure; any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace tendril::prompt {

using Json = nlohmann::ordered_json;  ///< keeps the order of the properties

struct BaseRule {
    std::string body;
    std::vector<std::string> needs;  ///< other base rules
};
/// By name: string, number, value, ...
const std::map<std::string, BaseRule, std::less<>>& base_rules();

bool is_of(const Json& value, std::string_view type);
/// Of lists and objects within each other, counted up to `most` and one.
std::size_t depth_of(const Json& value, std::size_t most);
/// JSON on one line, spaced as the grammar writes it. Not nested deeper than the caller has seen.
std::string json_text(const Json& value);
/// A literal of the grammar.
std::string literal_of(std::string_view text);
/// At most `most` bytes, and whole characters, for messages.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace tendril::prompt
