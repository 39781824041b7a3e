// SPDX-License-Identifier: Apache-2.0
// Which chunks of documents have a question's words: the store looks them up, prompt::bm25 ranks them. The
// store's thread; nothing is kept.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "prompt/retrieval/rank.h"
#include "storage/chat_store.h"

namespace tendril::app {

/// Best first, at most `most`. Other documents than these have no influence on the ranking.
Result<std::vector<prompt::RankedChunk>> rank_chunks(storage::ChatStore& store,
                                                     const std::vector<storage::DocumentId>& documents,
                                                     std::string_view question, std::size_t most);

}  // namespace tendril::app
