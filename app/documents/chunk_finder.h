// SPDX-License-Identifier: Apache-2.0
// Finds the places of searched documents that a question is answered with: BM25 over their chunks,
// and what is alike by meaning. Chat worker's thread only; owned by DocumentDesk.
#pragma once

#include <set>
#include <vector>

#include "app/documents/message_context.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"
#include "prompt/retrieval/rank.h"

namespace tendril::app {

struct FindOrder {
    std::string question;
    std::vector<DocumentId> documents;  ///< all that are searched, of this message and of those before it
    std::vector<DocumentId> attached;   ///< to this very message: it gets something of them in any case
    std::set<std::pair<DocumentId, std::uint32_t>> known;  ///< chunks that the prompt has already
    std::vector<float> vector;                             ///< of the question; empty: words alone
    std::string vector_model;                              ///< under which those of the chunks are stored
};

class ChunkFinder {
  public:
    ChunkFinder(WorkerLink& link, ModelKeeper& models) : link_(link), models_(models) {}

    /// Needs a loaded model, whose context says how much can be read, and documents that have all their
    /// chunks (see DocumentIndexer). In order of document and chunk.
    Result<std::vector<FoundChunk>> find(const FindOrder& order);

  private:
    /// By how alike they are to the question; best first.
    Result<std::vector<prompt::ChunkName>> alike(const FindOrder& order);

    WorkerLink& link_;
    ModelKeeper& models_;
};

}  // namespace tendril::app
