// SPDX-License-Identifier: Apache-2.0
// What is kept about what a model read. Pure functions.
#include "app/context/answer_context.h"

#include "app/context/context_object.h"

namespace tendril::app {
namespace {

using nlohmann::ordered_json;

std::uint32_t number(const ordered_json& json, const char* name) {
    const auto it = json.find(name);
    return it != json.end() && it->is_number_unsigned() ? it->get<std::uint32_t>() : 0;
}

}  // namespace

std::string with_representation(std::string_view context, std::optional<storage::RepresentationId> id) {
    ordered_json json = context_object(context);
    json.erase("memory");
    if (id) {
        json["memory"] = *id;
    }
    return context_text(json);
}

std::string with_window(std::string_view context, const AnswerWindow& window) {
    ordered_json json = context_object(context);
    json["window"] = {{"times", window.times},
                      {"tokens_before", window.tokens_before},
                      {"tokens_after", window.tokens_after}};
    return context_text(json);
}

std::optional<AnswerWindow> window_of(std::string_view context) {
    if (context.find("\"window\"") == std::string_view::npos) {
        return std::nullopt;
    }
    const ordered_json json = context_object(context);
    const auto it = json.find("window");
    if (it == json.end() || !it->is_object()) {
        return std::nullopt;
    }
    return AnswerWindow{number(*it, "times"), number(*it, "tokens_before"), number(*it, "tokens_after")};
}

}  // namespace tendril::app
