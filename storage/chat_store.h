// SPDX-License-Identifier: Apache-2.0
// Keeps conversations safe in SQLite: WAL, synchronous=FULL, one writer. All methods run on the thread that
// owns the store (the chat worker's) and may wait for the disk. Errors are values; after an error the store
// stays usable and nothing committed is lost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"
#include "storage/records.h"

namespace tendril::storage {

struct SearchHit {
    ConversationId conversation = 0;
    MessageId message = 0;  ///< 0: the title
    std::string title;
    std::string snippet;  ///< plain text; hits between U+0002 and U+0003
};

struct OpenReport {
    std::vector<std::string>
        notices;  ///< for a person: "The database was damaged; it is kept as chats.db.damaged-2026-11-22 ..."
    std::size_t interrupted = 0;  ///< replies found cut by a crash
    bool read_only = false;
};

class ChatStore {
  public:
    /// Opens or creates. A corrupt database is moved aside untouched and a fresh one is made (what can be
    /// read is salvaged into it); one of a newer version, or one that cannot be written, is opened read-only.
    /// `report` says what happened.
    static Result<std::unique_ptr<ChatStore>> open(const std::filesystem::path& file, OpenReport& report);
    /// An existing database for reading, also while another process writes it. Changes nothing: replies in
    /// progress stay so.
    static Result<std::unique_ptr<ChatStore>> open_read_only(const std::filesystem::path& file,
                                                             OpenReport& report);
    virtual ~ChatStore() = default;

    virtual Result<std::vector<Conversation>> conversations(bool deleted = false) = 0;  ///< newest first
    virtual Result<Conversation> conversation(ConversationId id) = 0;
    virtual Result<Conversation> create_conversation(std::string_view title,
                                                     std::string_view system_prompt) = 0;
    virtual Status rename(ConversationId id, std::string_view title, TitledBy by = TitledBy::person) = 0;
    virtual Status set_deleted(ConversationId id, bool deleted) = 0;  ///< to the trash and back
    /// Ends what has been in the trash since before then. Gives the ids that are gone.
    virtual Result<std::vector<ConversationId>> purge_deleted(TimeMs before) = 0;
    virtual Status set_draft(ConversationId id, std::string_view draft) = 0;
    virtual Status set_system_prompt(ConversationId id, std::string_view text) = 0;
    virtual Status set_private(ConversationId id, bool is_private) = 0;
    virtual Status set_model(ConversationId id, std::string_view path) = 0;
    virtual Status set_answer_mode(ConversationId id, AnswerMode mode) = 0;
    virtual Status set_leaf(ConversationId id, std::optional<MessageId> leaf) = 0;

    virtual Result<std::vector<Message>> messages(ConversationId id) = 0;  ///< the whole tree, by id
    virtual Result<std::vector<Message>> branch(ConversationId id) = 0;    ///< from the root to the leaf
    /// Adds a whole message as a child of `message.parent`, makes it the leaf. Durable when it returns.
    /// The documents attached are the message's from then on, in this order, and no longer the draft's.
    virtual Result<MessageId> add_message(const Message& message,
                                          const std::vector<Attachment>& attachments = {}) = 0;
    virtual Status set_memory(MessageId id, MessageMemory memory) = 0;
    virtual Status set_context(MessageId id, std::string_view json) = 0;  ///< see Message::context

    // The reply in progress: begin, append at most every 250 ms, finish. Text that was appended survives kill
    // -9.
    virtual Result<MessageId> begin_reply(const Message& message) = 0;
    /// Goes on with an interrupted reply (status becomes streaming again); later appends follow its text.
    virtual Status resume_reply(MessageId id) = 0;
    virtual Status append_reply(MessageId id, std::string_view text) = 0;
    virtual Status finish_reply(
        const Message& message) = 0;  ///< status, error, counters; text is what was appended

    // The reply in progress when it grows in several points at once. They stand behind its text, in order;
    // those without text do not show. What was appended survives kill -9 as well.
    /// Replaces the points that it had. `headings`: all that stands in front of a point's text, blank line
    /// included. `expansion` is kept with the message at once.
    virtual Status begin_points(MessageId id, const std::vector<std::string>& headings,
                                std::string_view expansion) = 0;
    virtual Status append_points(MessageId id, const std::vector<PointPiece>& pieces) = 0;
    /// As finish_reply(), but `message.text` is the whole text; the points go.
    virtual Status finish_expanded_reply(const Message& message) = 0;

    // Documents. A list has them without their texts, in order of their ids.
    virtual Result<std::vector<Document>> documents(ConversationId id) = 0;
    virtual Result<Document> document(DocumentId id) = 0;
    /// Keeps a document (its id is given by the store) and attaches it to the draft, last.
    virtual Result<DocumentId> add_document(const Document& document, AttachmentChoice choice) = 0;
    /// Of the draft and of all messages; those of one message in the order of their places.
    virtual Result<std::vector<Attachment>> attachments(ConversationId id) = 0;
    virtual Status attach_to_draft(DocumentId id, AttachmentChoice choice) = 0;
    /// Takes it from the draft; a document that no message has goes altogether.
    virtual Status remove_from_draft(DocumentId id) = 0;
    virtual Status set_choice(DocumentId id, std::optional<MessageId> message, AttachmentChoice choice) = 0;

    // Chunks of documents, which are found by their words. Those of a large document are added in slices.
    virtual Result<std::vector<DocumentChunk>> chunks(DocumentId id) = 0;               ///< in their order
    virtual Status set_chunks(DocumentId id, const std::vector<NewChunk>& chunks) = 0;  ///< replaces all
    /// Beside those that there are; the first of them has the number `first`.
    virtual Status add_chunks(DocumentId id, std::uint32_t first, const std::vector<NewChunk>& chunks) = 0;
    /// Chunks with at least one of the phrases (words with spaces between them); of what other documents
    /// have, nothing comes in.
    virtual Result<ChunkMatches> search_chunks(const std::vector<DocumentId>& documents,
                                               const std::vector<std::string>& phrases) = 0;
    virtual Result<std::vector<ChunkVector>> chunk_vectors(DocumentId id, std::string_view model) = 0;
    virtual Result<std::vector<std::uint32_t>> chunks_with_vector(DocumentId id, std::string_view model) = 0;
    virtual Status set_chunk_vectors(DocumentId id, std::string_view model,
                                     const std::vector<ChunkVector>& vectors) = 0;

    // What the model reads in place of documents and old turns; oldest first.
    virtual Result<std::vector<Representation>> representations(ConversationId id) = 0;
    virtual Result<RepresentationId> add_representation(const Representation& representation) = 0;
    virtual Status set_undone(RepresentationId id, bool undone) = 0;

    virtual Result<std::vector<SearchHit>> search(std::string_view words, std::size_t limit) = 0;

    virtual Result<std::string> setting(std::string_view key) = 0;  ///< empty when absent
    virtual Status set_setting(std::string_view key, std::string_view value) = 0;

    virtual Status check() = 0;  ///< PRAGMA integrity_check and foreign_key_check
    virtual Status backup(const std::filesystem::path& file) = 0;
};

/// A conversation as a text of its own: Markdown for people, JSON (whole tree, all fields) for programs.
enum class ExportFormat : std::uint8_t { markdown, json };
Result<std::string> export_conversation(ChatStore& store, ConversationId id, ExportFormat format);

}  // namespace tendril::storage
