// SPDX-License-Identifier: Apache-2.0
// The one implementation of ChatStore; split over conversations.cpp, messages.cpp, points.cpp, documents.cpp,
// chunks.cpp, representations.cpp and search.cpp. Private to this room.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/chat_store.h"
#include "storage/database.h"

namespace tendril::storage {

TimeMs now_ms();
/// The messages of a conversation (to be bound), from a database of this version of the schema.
std::string select_messages(std::int64_t version);
/// SQL for the text of a reply's points, put together; `message` is SQL too.
std::string text_of_points(std::string_view message);

class SqliteStore final : public ChatStore {
  public:
    /// `version`: of the schema; below the newest only when it cannot be brought up to date (reading only).
    SqliteStore(std::unique_ptr<SQLite::Database> database, bool read_only, std::int64_t version);
    ~SqliteStore() override;

    Result<std::vector<Conversation>> conversations(bool deleted) override;
    Result<Conversation> conversation(ConversationId id) override;
    Result<Conversation> create_conversation(std::string_view title, std::string_view system_prompt) override;
    Status rename(ConversationId id, std::string_view title, TitledBy by) override;
    Status set_deleted(ConversationId id, bool deleted) override;
    Result<std::vector<ConversationId>> purge_deleted(TimeMs before) override;
    Status set_draft(ConversationId id, std::string_view draft) override;
    Status set_system_prompt(ConversationId id, std::string_view text) override;
    Status set_private(ConversationId id, bool is_private) override;
    Status set_model(ConversationId id, std::string_view path) override;
    Status set_answer_mode(ConversationId id, AnswerMode mode) override;
    Status set_leaf(ConversationId id, std::optional<MessageId> leaf) override;

    Result<std::vector<Message>> messages(ConversationId id) override;
    Result<std::vector<Message>> branch(ConversationId id) override;
    Result<MessageId> add_message(const Message& message,
                                  const std::vector<Attachment>& attachments) override;
    Status set_memory(MessageId id, MessageMemory memory) override;
    Status set_context(MessageId id, std::string_view json) override;
    Result<MessageId> begin_reply(const Message& message) override;
    Status resume_reply(MessageId id) override;
    Status append_reply(MessageId id, std::string_view text) override;
    Status finish_reply(const Message& message) override;
    Status begin_points(MessageId id, const std::vector<std::string>& headings,
                        std::string_view expansion) override;
    Status append_points(MessageId id, const std::vector<PointPiece>& pieces) override;
    Status finish_expanded_reply(const Message& message) override;

    Result<std::vector<Document>> documents(ConversationId id) override;
    Result<Document> document(DocumentId id) override;
    Result<DocumentId> add_document(const Document& document, AttachmentChoice choice) override;
    Result<std::vector<Attachment>> attachments(ConversationId id) override;
    Status attach_to_draft(DocumentId id, AttachmentChoice choice) override;
    Status remove_from_draft(DocumentId id) override;
    Status set_choice(DocumentId id, std::optional<MessageId> message, AttachmentChoice choice) override;

    Result<std::vector<DocumentChunk>> chunks(DocumentId id) override;
    Status set_chunks(DocumentId id, const std::vector<NewChunk>& chunks) override;
    Status add_chunks(DocumentId id, std::uint32_t first, const std::vector<NewChunk>& chunks) override;
    Result<ChunkMatches> search_chunks(const std::vector<DocumentId>& documents,
                                       const std::vector<std::string>& phrases) override;
    Result<std::vector<ChunkVector>> chunk_vectors(DocumentId id, std::string_view model) override;
    Result<std::vector<std::uint32_t>> chunks_with_vector(DocumentId id, std::string_view model) override;
    Status set_chunk_vectors(DocumentId id, std::string_view model,
                             const std::vector<ChunkVector>& vectors) override;

    Result<std::vector<Representation>> representations(ConversationId id) override;
    Result<RepresentationId> add_representation(const Representation& representation) override;
    Status set_undone(RepresentationId id, bool undone) override;

    Result<std::vector<SearchHit>> search(std::string_view words, std::size_t limit) override;
    Result<std::string> setting(std::string_view key) override;
    Status set_setting(std::string_view key, std::string_view value) override;
    Status check() override;
    Status backup(const std::filesystem::path& file) override;

    /// Turns replies that a crash left streaming into interrupted ones. Gives their number.
    Result<std::size_t> close_interrupted();

  private:
    /// A prepared statement, kept for the life of the store, reset and without bindings.
    SQLite::Statement& prepared(const char* sql);
    Status writable() const;
    Status update_text(ConversationId id, const char* sql, std::string_view text, const char* doing);
    Result<MessageId> insert(const Message& message, MessageStatus status,
                             const std::vector<Attachment>& attachments, const char* doing);
    void insert_chunks(DocumentId id, std::uint32_t first, const std::vector<NewChunk>& chunks);
    void insert_draft_attachment(DocumentId id, AttachmentChoice choice);
    void move_attachments(MessageId message, const std::vector<Attachment>& attachments);
    /// Closes the row of a reply in progress; not in a transaction of its own.
    Status close_reply(const Message& message);
    void fold_parts(MessageId id);
    void drop_parts(MessageId id);
    void search_titles(const std::string& query, std::size_t limit, std::vector<SearchHit>& hits);
    void search_messages(const std::string& query, std::size_t limit, std::vector<SearchHit>& hits);
    void search_substring(std::string_view words, std::size_t limit, std::vector<SearchHit>& hits);

    std::unique_ptr<SQLite::Database> database_;
    std::map<std::string, std::unique_ptr<SQLite::Statement>> statements_;  // destroyed before database_
    bool read_only_ = false;
    bool has_documents_;   // false: of a version before them, which is read only
    std::string columns_;  // of a conversation, in the order of read_conversation()
    std::string select_;   // messages of a conversation, in the order of read_message()
};

}  // namespace tendril::storage
