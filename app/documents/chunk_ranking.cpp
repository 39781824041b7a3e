// SPDX-License-Identifier: Apache-2.0
// See chunk_ranking.h.
#include "app/documents/chunk_ranking.h"

#include <algorithm>
#include <utility>

#include "prompt/retrieval/words.h"

namespace tendril::app {

Result<std::vector<prompt::RankedChunk>> rank_chunks(storage::ChatStore& store,
                                                     const std::vector<storage::DocumentId>& documents,
                                                     std::string_view question, std::size_t most) {
    auto found = store.search_chunks(documents, prompt::query_phrases(question));
    if (!found) {
        return fail(found.error());
    }
    std::vector<prompt::MatchedChunk> matched;
    matched.reserve(found->matches.size());
    for (storage::ChunkMatch& one : found->matches) {
        matched.push_back({{one.document, one.chunk}, static_cast<double>(one.bytes), std::move(one.counts)});
    }
    const double mean =
        static_cast<double>(found->bytes) / static_cast<double>(std::max<std::size_t>(found->chunks, 1));
    return prompt::bm25(matched, found->chunks, mean, most);
}

}  // namespace tendril::app
