// SPDX-License-Identifier: Apache-2.0
// Reads lists of messages. Main thread.
#include "app/cli/messages_file.h"

#include <nlohmann/json.hpp>

#include "app/cli/output.h"

namespace tendril::app::cli {
namespace {

using nlohmann::json;

/// A text, or a list of parts of which those of type "text" are read.
std::optional<std::string> content_of(const json& content) {
    if (content.is_string()) {
        return content.get<std::string>();
    }
    if (!content.is_array()) {
        return std::nullopt;
    }
    std::string text;
    for (const json& part : content) {
        if (!part.is_object() || !part.contains("text") || !part["text"].is_string()) {
            return std::nullopt;
        }
        text += part["text"].get<std::string>();
    }
    return text;
}

}  // namespace

Result<prompt::ChatMessages> read_messages(const std::string& path) {
    const auto bytes = read_file(path);
    if (!bytes) {
        return fail(bytes.error());
    }
    const json list = json::parse(*bytes, nullptr, false);
    if (!list.is_array() || list.empty()) {
        return fail(ErrorCode::malformed,
                    "The messages are not a JSON list of objects with role and content.");
    }
    prompt::ChatMessages messages;
    for (const json& entry : list) {
        const bool fits = entry.is_object() && entry.contains("role") && entry["role"].is_string() &&
                          entry.contains("content");
        const auto content = fits ? content_of(entry["content"]) : std::nullopt;
        if (!content) {
            return fail(ErrorCode::malformed, "Message " + std::to_string(messages.size() + 1) +
                                                  " has no role and content that are texts.");
        }
        messages.push_back({entry["role"].get<std::string>(), *content});
    }
    return messages;
}

}  // namespace tendril::app::cli
