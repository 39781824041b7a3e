// SPDX-License-Identifier: Apache-2.0
// A message's `context` (see storage::Message) as the JSON object that it is, whose parts belong to different
// owners: app/context/answer_context.h and app/documents/message_context.h. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tendril::app {

/// A file may hold anything; what is no object counts as an empty one.
inline nlohmann::ordered_json context_object(std::string_view context) {
    auto json = nlohmann::ordered_json::parse(context, nullptr, false);
    return json.is_object() ? json : nlohmann::ordered_json::object();
}

/// Empty for an object without parts.
inline std::string context_text(const nlohmann::ordered_json& object) {
    return object.empty() ? std::string()
                          : object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tendril::app
