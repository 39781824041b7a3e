// SPDX-License-Identifier: Apache-2.0
// What is kept about what a model read. Pure functions.
#include "app/context/answer_context.h"

#include <nlohmann/json.hpp>

namespace tendril::app {
namespace {

using nlohmann::ordered_json;

/// A file may hold anything; what is no object counts as empty.
ordered_json object_of(std::string_view text) {
    auto json = ordered_json::parse(text, nullptr, false);
    return json.is_object() ? json : ordered_json::object();
}

std::string text_of(const ordered_json& json) {
    return json.empty() ? std::string() : json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::uint32_t number(const ordered_json& json, const char* name) {
    const auto it = json.find(name);
    return it != json.end() && it->is_number_unsigned() ? it->get<std::uint32_t>() : 0;
}

}  // namespace

std::string with_representation(std::string_view context, std::optional<storage::RepresentationId> id) {
    ordered_json json = object_of(context);
    json.erase("memory");
    if (id) {
        json["memory"] = *id;
    }
    return text_of(json);
}

std::string with_window(std::string_view context, const AnswerWindow& window) {
    ordered_json json = object_of(context);
    json["window"] = {{"times", window.times},
                      {"tokens_before", window.tokens_before},
                      {"tokens_after", window.tokens_after}};
    return text_of(json);
}

std::optional<AnswerWindow> window_of(std::string_view context) {
    if (context.find("\"window\"") == std::string_view::npos) {
        return std::nullopt;
    }
    const ordered_json json = object_of(context);
    const auto it = json.find("window");
    if (it == json.end() || !it->is_object()) {
        return std::nullopt;
    }
    return AnswerWindow{number(*it, "times"), number(*it, "tokens_before"), number(*it, "tokens_after")};
}

}  // namespace tendril::app
