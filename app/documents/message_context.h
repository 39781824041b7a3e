// SPDX-License-Identifier: Apache-2.0
// What a message's `context` (JSON, see storage::Message) holds of documents: of a user's message the chunks
// that were found for it, chosen once and the same for ever after; of an answer the places that it was made
// with. Other keys are others'. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/context_events.h"

namespace tendril::app {

struct FoundChunk {
    DocumentId document = 0;
    std::uint32_t chunk = 0;
    std::int64_t begin = 0, end = 0;  ///< bytes of the document
    bool fresh =
        true;  ///< no earlier message of the branch has it; only such ones are in this message's prompt
    bool operator==(const FoundChunk&) const = default;
};

/// Nothing when nothing was looked for yet; an empty list when nothing was found.
std::optional<std::vector<FoundChunk>> found_in(std::string_view context);
std::string with_found(std::string_view context, const std::vector<FoundChunk>& found);
/// Without the chunks of this document; as if nothing was looked for yet when no others are left.
std::string without_found(std::string_view context, DocumentId document);
std::vector<Source> sources_in(std::string_view context);
std::string with_sources(std::string_view context, const std::vector<Source>& sources);

}  // namespace tendril::app
