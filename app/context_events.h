// SPDX-License-Identifier: Apache-2.0
// What the chat worker tells about documents and about what the model has of a conversation: part of its
// events (app/worker_events.h). Values, no Qt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/context_shares.h"
#include "storage/chat_store.h"

namespace tendril::app {

using storage::ConversationId;
using storage::DocumentId;
using storage::MessageId;

/// A document of the draft, or of a message that was sent.
struct DraftDocument {
    DocumentId id = 0;
    std::string name;
    std::string kind;  ///< what a person calls it: "Markdown", "PDF", "C++"
    std::uint64_t bytes = 0;
    std::uint32_t tokens = 0;          ///< of the whole text; 0 = not counted yet
    std::uint32_t planned_tokens = 0;  ///< in the chosen form; 0 = not known yet
    storage::AttachmentChoice choice = storage::AttachmentChoice::whole;
    double progress = 1;  ///< 0 to 1 of reading and compressing; 1 = ready
    std::string error;    ///< why it cannot be used; empty = it can
    bool operator==(const DraftDocument&) const = default;
};
/// All documents of the draft, in their order, whenever one of them changes and when a conversation is shown.
struct DraftDocuments {
    ConversationId conversation = 0;
    std::vector<DraftDocument> documents;
};
/// A place in a document that an answer was made with.
struct Source {
    DocumentId document = 0;
    std::string name;
    std::uint32_t chunk = 0;
    std::string excerpt;    ///< all that was read of it
    std::string line = {};  ///< the sentence of it that the question is about; may be empty
    bool operator==(const Source&) const = default;
};

/// What would become shorter if the draft were sent now.
struct PlannedChange {
    using Kind = MemoryChange;
    Kind kind = Kind::left_out;
    std::vector<MessageId> messages;  ///< oldest first; empty: the document
    DocumentId document = 0;          ///< 0: the messages
    std::uint32_t tokens_before = 0;
    std::uint32_t tokens_after = 0;
    bool operator==(const PlannedChange&) const = default;
};

/// A place in the shown branch where the model's memory was shortened.
struct MemoryMark {
    std::int64_t id = 0;  ///< of the representation; 0: an answer's emergency window
    MessageId after = 0;  ///< the line stands behind this message
    MemoryChange kind = MemoryChange::summarised;
    std::string method;  ///< as on the command line; may be empty
    std::uint32_t tokens_before = 0;
    std::uint32_t tokens_after = 0;
    std::string text;  ///< what the model has in its place; may be empty
    bool undoable = false;
    std::string document = {};  ///< name of the one that it is about; empty: messages
    bool operator==(const MemoryMark&) const = default;
};
/// All of the shown branch, whenever one changes and when a conversation is shown.
struct MemoryMarks {
    ConversationId conversation = 0;
    std::vector<MemoryMark> marks;
};
/// The model's memory is being shortened (or has just ceased to be).
struct MemoryWork {
    ConversationId conversation = 0;
    std::string what;  ///< a sentence
    double progress = 0;
    bool running = false;
    std::uint32_t tokens_read = 0;  ///< by the model for this work, told at its end
};

}  // namespace tendril::app
