// SPDX-License-Identifier: Apache-2.0
// A store whose writes fail on command, as on a full disk, and that notes when replies were appended. Used on
// the worker's thread, set by the test.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/chat_store.h"

namespace tendril::test {

using storage::ConversationId;
using storage::MessageId;

struct StoreControl {
    std::atomic<bool> full{false};        ///< add, begin, append and finish fail with disk_full
    std::atomic<bool> index_full{false};  ///< the chunks of documents alone fail, with disk_full
    std::atomic<bool> read_only{false};   ///< with read_only
    /// Called when chunks of a document are about to be added: the first one's number, and how many.
    std::function<void(std::uint32_t, std::size_t)> on_slice;
    std::mutex mutex;
    std::vector<std::pair<std::chrono::steady_clock::time_point, std::string>> appends;
};

class FailingStore final : public storage::ChatStore {
  public:
    FailingStore(std::unique_ptr<ChatStore> real, StoreControl& control)
        : real_(std::move(real)), control_(control) {}

    Result<std::vector<storage::Conversation>> conversations(bool deleted) override {
        return real_->conversations(deleted);
    }
    Result<storage::Conversation> conversation(ConversationId id) override { return real_->conversation(id); }
    Result<storage::Conversation> create_conversation(std::string_view title,
                                                      std::string_view prompt) override {
        return real_->create_conversation(title, prompt);
    }
    Status rename(ConversationId id, std::string_view title, storage::TitledBy by) override {
        return real_->rename(id, title, by);
    }
    Status set_private(ConversationId id, bool is_private) override {
        return real_->set_private(id, is_private);
    }
    Status set_deleted(ConversationId id, bool deleted) override { return real_->set_deleted(id, deleted); }
    Result<std::vector<ConversationId>> purge_deleted(storage::TimeMs before) override {
        return real_->purge_deleted(before);
    }
    Status set_draft(ConversationId id, std::string_view draft) override {
        return real_->set_draft(id, draft);
    }
    Status set_system_prompt(ConversationId id, std::string_view text) override {
        return real_->set_system_prompt(id, text);
    }
    Status set_model(ConversationId id, std::string_view path) override { return real_->set_model(id, path); }
    Status set_answer_mode(ConversationId id, storage::AnswerMode mode) override {
        return real_->set_answer_mode(id, mode);
    }
    Status set_leaf(ConversationId id, std::optional<MessageId> leaf) override {
        return real_->set_leaf(id, leaf);
    }
    Result<std::vector<storage::Message>> messages(ConversationId id) override { return real_->messages(id); }
    Result<std::vector<storage::Message>> branch(ConversationId id) override { return real_->branch(id); }
    Result<MessageId> add_message(const storage::Message& message,
                                  const std::vector<storage::Attachment>& attachments) override {
        return fails() ? Result<MessageId>(fail(error())) : real_->add_message(message, attachments);
    }
    Status set_memory(MessageId id, storage::MessageMemory memory) override {
        return real_->set_memory(id, memory);
    }
    Status set_context(MessageId id, std::string_view json) override {
        return fails() ? Status(fail(error())) : real_->set_context(id, json);
    }
    Result<std::vector<storage::Document>> documents(ConversationId id) override {
        return real_->documents(id);
    }
    Result<storage::Document> document(storage::DocumentId id) override { return real_->document(id); }
    Result<storage::DocumentId> add_document(const storage::Document& document,
                                             storage::AttachmentChoice choice) override {
        return fails() ? Result<storage::DocumentId>(fail(error())) : real_->add_document(document, choice);
    }
    Result<std::vector<storage::Attachment>> attachments(ConversationId id) override {
        return real_->attachments(id);
    }
    Status attach_to_draft(storage::DocumentId id, storage::AttachmentChoice choice) override {
        return real_->attach_to_draft(id, choice);
    }
    Status remove_from_draft(storage::DocumentId id) override { return real_->remove_from_draft(id); }
    Status set_choice(storage::DocumentId id, std::optional<MessageId> message,
                      storage::AttachmentChoice choice) override {
        return real_->set_choice(id, message, choice);
    }
    Result<std::vector<storage::DocumentChunk>> chunks(storage::DocumentId id) override {
        return real_->chunks(id);
    }
    Status set_chunks(storage::DocumentId id, const std::vector<storage::NewChunk>& chunks) override {
        return fails() ? Status(fail(error())) : real_->set_chunks(id, chunks);
    }
    Status add_chunks(storage::DocumentId id, std::uint32_t first,
                      const std::vector<storage::NewChunk>& chunks) override {
        if (control_.on_slice) {
            control_.on_slice(first, chunks.size());
        }
        return fails() || control_.index_full ? Status(fail(error())) : real_->add_chunks(id, first, chunks);
    }
    Result<storage::ChunkMatches> search_chunks(const std::vector<storage::DocumentId>& documents,
                                                const std::vector<std::string>& phrases) override {
        return real_->search_chunks(documents, phrases);
    }
    Result<std::vector<std::uint32_t>> chunks_with_vector(storage::DocumentId id,
                                                          std::string_view model) override {
        return real_->chunks_with_vector(id, model);
    }
    Result<std::vector<storage::ChunkVector>> chunk_vectors(storage::DocumentId id,
                                                            std::string_view model) override {
        return real_->chunk_vectors(id, model);
    }
    Status set_chunk_vectors(storage::DocumentId id, std::string_view model,
                             const std::vector<storage::ChunkVector>& vectors) override {
        return real_->set_chunk_vectors(id, model, vectors);
    }
    Result<std::vector<storage::Representation>> representations(ConversationId id) override {
        return real_->representations(id);
    }
    Result<storage::RepresentationId> add_representation(const storage::Representation& made) override {
        return fails() ? Result<storage::RepresentationId>(fail(error())) : real_->add_representation(made);
    }
    Status set_undone(storage::RepresentationId id, bool undone) override {
        return real_->set_undone(id, undone);
    }
    Result<MessageId> begin_reply(const storage::Message& message) override {
        return fails() ? Result<MessageId>(fail(error())) : real_->begin_reply(message);
    }
    Status resume_reply(MessageId id) override {
        return fails() ? Status(fail(error())) : real_->resume_reply(id);
    }
    Status append_reply(MessageId id, std::string_view text) override {
        if (fails()) {
            return fail(error());
        }
        Status done = real_->append_reply(id, text);
        const std::lock_guard lock(control_.mutex);
        control_.appends.emplace_back(std::chrono::steady_clock::now(), text);
        return done;
    }
    Status finish_reply(const storage::Message& message) override {
        return fails() ? Status(fail(error())) : real_->finish_reply(message);
    }
    Status begin_points(MessageId id, const std::vector<std::string>& headings,
                        std::string_view expansion) override {
        return fails() ? Status(fail(error())) : real_->begin_points(id, headings, expansion);
    }
    Status append_points(MessageId id, const std::vector<storage::PointPiece>& pieces) override {
        return fails() ? Status(fail(error())) : real_->append_points(id, pieces);
    }
    Status finish_expanded_reply(const storage::Message& message) override {
        return fails() ? Status(fail(error())) : real_->finish_expanded_reply(message);
    }
    Result<std::vector<storage::SearchHit>> search(std::string_view words, std::size_t limit) override {
        return real_->search(words, limit);
    }
    Result<std::string> setting(std::string_view key) override { return real_->setting(key); }
    Status set_setting(std::string_view key, std::string_view value) override {
        return real_->set_setting(key, value);
    }
    Status check() override { return real_->check(); }
    Status backup(const std::filesystem::path& file) override { return real_->backup(file); }

  private:
    bool fails() const { return control_.full || control_.read_only; }
    Error error() const {
        return control_.full || control_.index_full ? Error{ErrorCode::disk_full, "The disk is full.", {}}
                                                    : Error{ErrorCode::read_only, "For reading only.", {}};
    }

    std::unique_ptr<ChatStore> real_;
    StoreControl& control_;
};

}  // namespace tendril::test
