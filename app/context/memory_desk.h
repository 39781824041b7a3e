// SPDX-License-Identifier: Apache-2.0
// What a person says about the model's memory of the shown conversation: pinning, excluding, bringing a full
// text back, shortening now; and what there is to see of it. Chat worker's thread only; owned by ChatWorker's
// core.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "app/context/compactor.h"
#include "app/context/document_pruner.h"
#include "app/conversation_tree.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

class MemoryDesk {
  public:
    MemoryDesk(WorkerLink& link, ModelKeeper& models, Compactor& compactor, DocumentPruner& pruner);

    /// The next prompt of the shown conversation begins otherwise.
    std::function<void()> on_changed;

    /// Another conversation, or another branch of it; tells its marks.
    void show(std::shared_ptr<ConversationTree> tree);
    void tell_marks();  ///< again, where they may have changed

    void set_memory(MessageId message, storage::MessageMemory memory);
    void restore_full_text(storage::RepresentationId id);
    void shorten_now();

  private:
    void restore_document(storage::Representation& one);
    bool mark_undone(storage::Representation& one);
    /// Whether the full text can be read; of a `document`, beside what else is.
    Status fits_whole(std::optional<DocumentId> document = {}) const;

    WorkerLink& link_;
    ModelKeeper& models_;
    Compactor& compactor_;
    DocumentPruner& pruner_;
    std::shared_ptr<ConversationTree> shown_;
    std::optional<MemoryMarks> told_;
};

}  // namespace tendril::app
