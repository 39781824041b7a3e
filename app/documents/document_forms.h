// SPDX-License-Identifier: Apache-2.0
// Keeps what the model reads of a conversation's documents up to date: whole texts, compressed ones, the
// places that were found. Chat worker's thread only; owned by DocumentDesk.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "app/conversation_tree.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

/// The compressed text of a document that counts: the newest one. Null: there is none.
const storage::Representation* compressed_form(const ConversationTree& tree, DocumentId document);
/// A person wants the full text of a document that was compressed.
bool full_text_wanted(const ConversationTree& tree, DocumentId document);

class DocumentForms {
  public:
    explicit DocumentForms(WorkerLink& link) : link_(link) {}

    /// Fills in what the conversation has of documents, from the database.
    void load(ConversationTree& tree) const;
    /// What the model reads of a message's documents (of the draft's: kDraft) after one of them has changed.
    void refresh(ConversationTree& tree, MessageId message) const;

  private:
    std::optional<DocumentText> text_of(const ConversationTree& tree, const DraftDocument& document) const;
    void add_found(const ConversationTree& tree, MessageId message, AttachedDocuments& documents) const;

    WorkerLink& link_;
};

/// "Markdown", "PDF", ...
std::string kind_for_people(storage::DocumentKind kind);

}  // namespace tendril::app
