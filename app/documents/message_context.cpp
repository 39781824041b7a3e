// SPDX-License-Identifier: Apache-2.0
// See message_context.h. What a damaged database holds there is taken for nothing.
#include "app/documents/message_context.h"

#include "app/context/context_object.h"

namespace tendril::app {
namespace {

using json = nlohmann::ordered_json;

template <typename Number>
Number number_at(const json& object, const char* key) {
    const auto it = object.find(key);
    return it != object.end() && it->is_number_integer() ? it->get<Number>() : Number{};
}

std::string text_at(const json& object, const char* key) {
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

std::optional<std::vector<FoundChunk>> found_in(std::string_view context) {
    const json object = context_object(context);
    const auto list = object.find("found");
    if (list == object.end() || !list->is_array()) {
        return std::nullopt;
    }
    std::vector<FoundChunk> found;
    for (const json& one : *list) {
        if (one.is_object()) {
            const auto fresh = one.find("fresh");
            found.push_back({number_at<DocumentId>(one, "document"), number_at<std::uint32_t>(one, "chunk"),
                             number_at<std::int64_t>(one, "begin"), number_at<std::int64_t>(one, "end"),
                             fresh == one.end() || !fresh->is_boolean() || fresh->get<bool>()});
        }
    }
    return found;
}

std::string with_found(std::string_view context, const std::vector<FoundChunk>& found) {
    json object = context_object(context);
    object["found"] = json::array();
    for (const FoundChunk& one : found) {
        object["found"].push_back({{"document", one.document},
                                   {"chunk", one.chunk},
                                   {"begin", one.begin},
                                   {"end", one.end},
                                   {"fresh", one.fresh}});
    }
    return context_text(object);
}

std::string without_found(std::string_view context, DocumentId document) {
    auto found = found_in(context).value_or(std::vector<FoundChunk>());
    std::erase_if(found, [document](const FoundChunk& one) { return one.document == document; });
    if (!found.empty()) {
        return with_found(context, found);
    }
    json object = context_object(context);
    object.erase("found");
    return context_text(object);
}

std::vector<Source> sources_in(std::string_view context) {
    const json object = context_object(context);
    std::vector<Source> sources;
    const auto list = object.find("sources");
    for (const json& one : list != object.end() && list->is_array() ? *list : json::array()) {
        if (one.is_object()) {
            sources.push_back({number_at<DocumentId>(one, "document"), text_at(one, "name"),
                               number_at<std::uint32_t>(one, "chunk"), text_at(one, "excerpt"),
                               text_at(one, "line")});
        }
    }
    return sources;
}

std::string with_sources(std::string_view context, const std::vector<Source>& sources) {
    json object = context_object(context);
    object.erase("sources");
    for (const Source& one : sources) {
        object["sources"].push_back({{"document", one.document},
                                     {"name", one.name},
                                     {"chunk", one.chunk},
                                     {"excerpt", one.excerpt},
                                     {"line", one.line}});
    }
    return context_text(object);
}

}  // namespace tendril::app
