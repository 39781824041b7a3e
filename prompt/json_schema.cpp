// SPDX-License-Identifier: Apache-2.0
// Writes one rule of the grammar for each schema that has parts. Pure; any thread.
#include "prompt/json_schema.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "prompt/json_grammar.h"

namespace tendril::prompt {
namespace {

constexpr std::size_t kMaxGrammarBytes = std::size_t{1} << 18;
constexpr std::size_t kNoBound = std::numeric_limits<std::size_t>::max();

/// Keywords that say nothing about the texts.
bool explains(std::string_view key) {
    static constexpr std::array kWords = {std::string_view("title"),    std::string_view("description"),
                                          std::string_view("default"),  std::string_view("examples"),
                                          std::string_view("$schema"),  std::string_view("$id"),
                                          std::string_view("$comment"), std::string_view("deprecated"),
                                          std::string_view("readOnly"), std::string_view("writeOnly")};
    return std::find(kWords.begin(), kWords.end(), key) != kWords.end();
}

/// The keywords that each type knows, beside those of all types.
bool belongs_to(std::string_view key, std::string_view type) {
    if (type == "object") {
        return key == "properties" || key == "required" || key == "additionalProperties";
    }
    if (type == "array") {
        return key == "items" || key == "minItems" || key == "maxItems";
    }
    return type == "string" && (key == "minLength" || key == "maxLength");
}

class SchemaWriter {
  public:
    explicit SchemaWriter(const Json& schema) : root_(schema) {}

    Result<std::string> write() {
        const std::string body = body_of(root_, "#", 0);
        add_rule("root", body);
        while (!error_ && !waiting_.empty()) {
            const std::string name = waiting_.back();
            waiting_.pop_back();
            const auto& [rule, place, schema] = definitions_.at(name);
            add_rule(rule, body_of(*schema, place, 0));
        }
        if (!error_ && grammar_.size() > kMaxGrammarBytes) {
            fail_at("#", "it is too large", ErrorCode::too_large);
        }
        if (error_) {
            return tendril::fail(std::move(*error_));
        }
        return std::move(grammar_);
    }

  private:
    struct Definition {
        std::string rule;
        std::string place;
        const Json* schema = nullptr;
    };

    /// Gives an empty body, so that a writing function can return it.
    std::string fail_at(std::string_view place, const std::string& what,
                        ErrorCode code = ErrorCode::unsupported) {
        if (!error_) {
            error_ = Error{
                code, "The JSON schema cannot be used: " + what + " (at " + shortened(place, 200) + ").", {}};
        }
        return {};
    }

    void add_rule(const std::string& name, const std::string& body) {
        if (grammar_.size() <= kMaxGrammarBytes) {
            grammar_ += name + " ::= " + body + "\n";
        }
    }

    std::string base(std::string_view name) {
        const auto rule = base_rules().find(name);
        if (bases_.insert(rule->first).second) {
            add_rule(rule->first, rule->second.body);
            for (const std::string& need : rule->second.needs) {
                base(need);
            }
        }
        return rule->first;
    }

    std::string new_name() { return "part-" + std::to_string(++names_); }

    /// A name or a literal: something that can stand in a sequence and be repeated.
    std::string item_of(const Json& schema, const std::string& place, std::size_t depth) {
        const std::string body = body_of(schema, place, depth);
        if (body.find_first_of(" |") == std::string::npos) {
            return body;
        }
        const std::string name = new_name();
        add_rule(name, body);
        return name;
    }

    std::string body_of(const Json& schema, const std::string& place, std::size_t depth) {
        if (error_ || grammar_.size() > kMaxGrammarBytes) {
            return {};
        }
        if (depth > kMaxSchemaDepth) {
            return fail_at(place, "it is nested deeper than " + std::to_string(kMaxSchemaDepth) + " levels",
                           ErrorCode::too_large);
        }
        if (schema.is_boolean() && schema.get<bool>()) {
            return base("value");
        }
        if (!schema.is_object()) {
            return fail_at(place, schema.is_boolean() ? "\"false\" allows nothing" : "a schema is an object");
        }
        if (schema.contains("$ref")) {
            return body_of_reference(schema, place);
        }
        if (schema.contains("anyOf")) {
            return body_of_choice(schema, place, depth);
        }
        std::vector<std::string> types;
        if (!read_types(schema, place, types) || !check_keys(schema, place, types)) {
            return {};
        }
        if (schema.contains("const") || schema.contains("enum")) {
            return body_of_values(schema, place, types);
        }
        if (types.empty()) {
            return base("value");
        }
        std::string body;
        for (const std::string& type : types) {
            body += (body.empty() ? "" : " | ") + body_of_type(type, schema, place, depth);
        }
        return body;
    }

    /// No types: any value.
    bool read_types(const Json& schema, const std::string& place, std::vector<std::string>& types) {
        static const std::set<std::string, std::less<>> kKnown = {"object", "array",   "string", "integer",
                                                                  "number", "boolean", "null"};
        if (const auto type = schema.find("type"); type != schema.end()) {
            const Json list = type->is_array() ? *type : Json::array({*type});
            for (const Json& name : list) {
                if (!name.is_string() || !kKnown.contains(name.get_ref<const std::string&>())) {
                    fail_at(place, "this type is not known");
                    return false;
                }
                types.push_back(name.get<std::string>());
            }
            if (types.empty()) {
                fail_at(place, "the list of types is empty");
            }
            return !types.empty();
        }
        for (const auto& [type, key] : {std::pair("object", "properties"), std::pair("array", "items")}) {
            if (schema.contains(key)) {
                types.emplace_back(type);  // that is what is meant, if not what the standard says
            }
        }
        return true;
    }

    bool check_keys(const Json& schema, const std::string& place, const std::vector<std::string>& types) {
        for (const auto& item : schema.items()) {
            const std::string& key = item.key();
            const bool known = explains(key) || key == "type" || key == "enum" || key == "const" ||
                               key == "$defs" || key == "definitions" ||
                               std::any_of(types.begin(), types.end(),
                                           [&](const std::string& type) { return belongs_to(key, type); });
            if (!known) {
                fail_at(place, "\"" + shortened(key, 40) + "\" is not supported" +
                                   (types.empty() ? "" : " for the type " + types.front()));
                return false;
            }
        }
        return true;
    }

    bool only_explained(const Json& schema, std::string_view keyword, const std::string& place) {
        for (const auto& item : schema.items()) {
            if (item.key() != keyword && !explains(item.key()) && item.key() != "$defs" &&
                item.key() != "definitions") {
                fail_at(place, "\"" + shortened(item.key(), 40) + "\" beside \"" + std::string(keyword) +
                                   "\" is not supported");
                return false;
            }
        }
        return true;
    }

    std::string body_of_reference(const Json& schema, const std::string& place) {
        if (!only_explained(schema, "$ref", place)) {
            return {};
        }
        const Json& target = schema["$ref"];
        if (!target.is_string()) {
            return fail_at(place, "\"$ref\" is not a text");
        }
        const auto& path = target.get_ref<const std::string&>();
        if (path == "#") {
            return "root";
        }
        for (const char* const key : {"$defs", "definitions"}) {
            const std::string prefix = std::string("#/") + key + "/";
            const auto found = root_.find(key);
            if (!path.starts_with(prefix) || found == root_.end() || !found->is_object()) {
                continue;
            }
            const auto definition = found->find(path.substr(prefix.size()));
            if (definition == found->end()) {
                continue;
            }
            const auto [known, added] = definitions_.try_emplace(path);
            if (added) {
                known->second = {"def-" + std::to_string(definitions_.size()), path, &*definition};
                waiting_.push_back(path);
            }
            return known->second.rule;
        }
        return fail_at(place, "there is nothing at the reference \"" + shortened(path, 80) + "\"");
    }

    std::string body_of_choice(const Json& schema, const std::string& place, std::size_t depth) {
        if (!only_explained(schema, "anyOf", place)) {
            return {};
        }
        const Json& choices = schema["anyOf"];
        if (!choices.is_array() || choices.empty()) {
            return fail_at(place, "\"anyOf\" is not a list of schemas");
        }
        std::string body;
        for (std::size_t i = 0; i < choices.size() && !error_; ++i) {
            body +=
                (i == 0 ? "" : " | ") + item_of(choices[i], place + "/anyOf/" + std::to_string(i), depth + 1);
        }
        return body;
    }

    std::string body_of_values(const Json& schema, const std::string& place,
                               const std::vector<std::string>& types) {
        const bool single = schema.contains("const");
        const Json values = single ? Json::array({schema["const"]}) : schema["enum"];
        if (!values.is_array()) {
            return fail_at(place, "\"enum\" is not a list");
        }
        std::string body;
        for (const Json& value : values) {
            const bool fits =
                types.empty() || std::any_of(types.begin(), types.end(),
                                             [&](const std::string& type) { return is_of(value, type); });
            if (!fits) {
                continue;
            }
            if (depth_of(value, kMaxSchemaDepth + 1) > kMaxSchemaDepth) {
                return fail_at(place, "a value is nested too deeply", ErrorCode::too_large);
            }
            body += (body.empty() ? "" : " | ") + literal_of(json_text(value));
            if (body.size() > kMaxGrammarBytes) {
                return fail_at(place, "it is too large", ErrorCode::too_large);
            }
        }
        return body.empty() ? fail_at(place, "no value is allowed") : body;
    }

    std::string body_of_type(const std::string& type, const Json& schema, const std::string& place,
                             std::size_t depth) {
        if (type == "object") {
            return body_of_object(schema, place, depth);
        }
        if (type == "array") {
            return body_of_array(schema, place, depth);
        }
        if (type == "string" && (schema.contains("minLength") || schema.contains("maxLength"))) {
            const auto bounds = read_bounds(schema, "minLength", "maxLength", place);
            return bounds ? R"("\"" )" + base("char") + *bounds + R"( "\"")" : "";
        }
        return base(type);
    }

    std::optional<std::size_t> read_count(const Json& schema, const char* key, const std::string& place) {
        const Json& value = schema[key];
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMaxSchemaRepetitions) {
            fail_at(place, "\"" + std::string(key) + "\" is not a number from 0 to " +
                               std::to_string(kMaxSchemaRepetitions));
            return std::nullopt;
        }
        return value.get<std::size_t>();
    }

    struct Bounds {
        std::size_t least = 0;
        std::size_t most = kNoBound;
    };
    std::optional<Bounds> read_counts(const Json& schema, const char* least, const char* most,
                                      const std::string& place) {
        Bounds bounds;
        for (const char* const key : {least, most}) {
            if (!schema.contains(key)) {
                continue;
            }
            const auto count = read_count(schema, key, place);
            if (!count) {
                return std::nullopt;
            }
            if (key == least) {
                bounds.least = *count;
            } else {
                bounds.most = *count;
            }
        }
        if (bounds.most < bounds.least) {
            fail_at(place, "\"" + std::string(most) + "\" is below \"" + least + "\"");
            return std::nullopt;
        }
        return bounds;
    }
    static std::string braces(std::size_t least, std::size_t most) {
        return "{" + std::to_string(least) + "," + (most == kNoBound ? "" : std::to_string(most)) + "}";
    }
    std::optional<std::string> read_bounds(const Json& schema, const char* least, const char* most,
                                           const std::string& place) {
        const auto bounds = read_counts(schema, least, most, place);
        return bounds ? std::optional(braces(bounds->least, bounds->most)) : std::nullopt;
    }

    std::string body_of_array(const Json& schema, const std::string& place, std::size_t depth) {
        const auto bounds = read_counts(schema, "minItems", "maxItems", place);
        if (!bounds) {
            return {};
        }
        if (bounds->most == 0) {
            return R"("[]")";
        }
        const std::string item =
            schema.contains("items") ? item_of(schema["items"], place + "/items", depth + 1) : base("value");
        const std::size_t rest_least = bounds->least > 0 ? bounds->least - 1 : 0;
        const std::size_t rest_most = bounds->most == kNoBound ? kNoBound : bounds->most - 1;
        const std::string items = item + " (\", \" " + item + ")" + braces(rest_least, rest_most);
        return "\"[\" " + (bounds->least > 0 ? items : "(" + items + ")?") + " \"]\"";
    }

    std::string body_of_map(const Json& schema, const std::string& place, std::size_t depth) {
        const auto values = schema.find("additionalProperties");
        if (values != schema.end() && values->is_boolean() && !values->get<bool>()) {
            return R"("{}")";
        }
        const std::string value = values == schema.end()
                                      ? base("value")
                                      : item_of(*values, place + "/additionalProperties", depth + 1);
        const std::string pair = base("string") + " \": \" " + value;
        return R"("{" ()" + pair + " (\", \" " + pair + R"()*)? "}")";
    }

    std::string body_of_object(const Json& schema, const std::string& place, std::size_t depth) {
        std::set<std::string, std::less<>> required;
        if (schema.contains("required")) {
            const Json& names = schema["required"];
            if (!names.is_array() ||
                !std::all_of(names.begin(), names.end(), [](const Json& name) { return name.is_string(); })) {
                return fail_at(place, "\"required\" is not a list of names");
            }
            for (const Json& name : names) {
                required.insert(name.get<std::string>());
            }
        }
        const auto properties = schema.find("properties");
        const bool any = properties != schema.end();
        if (any && !properties->is_object()) {
            return fail_at(place, "\"properties\" is not an object");
        }
        for (const std::string& name : required) {
            if (!any || !properties->contains(name)) {
                return fail_at(place,
                               "the required property \"" + shortened(name, 40) + "\" is not described");
            }
        }
        if (!any || properties->empty()) {
            return any && !schema.contains("additionalProperties") ? R"("{}")"
                                                                   : body_of_map(schema, place, depth);
        }
        if (schema.contains("additionalProperties") && !schema["additionalProperties"].is_boolean()) {
            return fail_at(place,
                           "\"additionalProperties\" with a schema beside \"properties\" is not supported");
        }
        return body_of_properties(*properties, required, place, depth);
    }

    /// From the last property to the first: the text from it on when something stands in front of it, and
    /// when nothing does. Linear in the number of properties.
    std::string body_of_properties(const Json& properties, const std::set<std::string, std::less<>>& required,
                                   const std::string& place, std::size_t depth) {
        std::vector<std::pair<std::string, bool>> pairs;
        for (const auto& property : properties.items()) {
            const std::string name = Json(property.key()).dump();
            const std::string value =
                item_of(property.value(), place + "/properties/" + property.key(), depth + 1);
            if (error_) {
                return {};
            }
            pairs.emplace_back(literal_of(name + ": ") + " " + value, required.contains(property.key()));
        }
        std::string behind;   // a rule, or nothing
        std::string leading;  // likewise, when no property was written
        for (std::size_t i = pairs.size(); i-- > 0;) {
            const auto& [pair, needed] = pairs[i];
            const std::string first = pair + (behind.empty() ? "" : " " + behind);
            const std::string lead = new_name();
            add_rule(lead, needed ? first : first + " | " + (leading.empty() ? "\"\"" : leading));
            const std::string rest = new_name();
            const std::string next = "\", \" " + pair;
            add_rule(rest, (needed ? next : "(" + next + ")?") + (behind.empty() ? "" : " " + behind));
            leading = lead;
            behind = rest;
        }
        return "\"{\" " + leading + " \"}\"";
    }

    const Json& root_;
    std::string grammar_;
    std::set<std::string, std::less<>> bases_;
    std::map<std::string, Definition, std::less<>> definitions_;
    std::vector<std::string> waiting_;  // definitions that have no rule yet
    std::size_t names_ = 0;
    std::optional<Error> error_;
};

}  // namespace

Result<std::string> grammar_of_schema(std::string_view schema) {
    if (schema.size() > kMaxSchemaBytes) {
        return fail(ErrorCode::too_large,
                    "The JSON schema is longer than " + std::to_string(kMaxSchemaBytes) + " bytes.");
    }
    const Json json = Json::parse(schema, nullptr, false);
    if (json.is_discarded()) {
        return fail(ErrorCode::malformed, "The JSON schema is not valid JSON.");
    }
    return SchemaWriter(json).write();
}

}  // namespace tendril::prompt
