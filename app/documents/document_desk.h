// SPDX-License-Identifier: Apache-2.0
// The documents of conversations as a person works with them: attached to the draft, read off this thread,
// counted, chosen how the model reads them, sent with a message; and what has to be made of them before a
// question is answered. Chat worker's thread only, but for its job thread; owned by ChatWorker's core.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/documents/choice.h"
#include "app/documents/chunk_finder.h"
#include "app/documents/document_forms.h"
#include "app/documents/document_indexer.h"
#include "app/documents/document_reader.h"
#include "app/documents/embedder.h"
#include "app/documents/text_shortener.h"
#include "app/documents/turn_preparation.h"
#include "app/mailbox.h"

namespace tendril::app {

class DocumentDesk final : public TurnPreparation {
  public:
    using Tree = std::shared_ptr<ConversationTree>;

    DocumentDesk(WorkerLink& link, ModelKeeper& models);
    ~DocumentDesk() override;
    DocumentDesk(const DocumentDesk&) = delete;
    DocumentDesk& operator=(const DocumentDesk&) = delete;

    TextShortener* shortener = nullptr;  ///< none: documents cannot be compressed
    Embedder* embedder = nullptr;        ///< none: documents are searched by words alone
    std::function<void()> on_draft;      ///< what the model reads of the shown draft's documents has changed

    void load(ConversationTree& tree) { forms_.load(tree); }  ///< fills in what it has, from the database
    void show(const Tree& tree);                              ///< events are told for this one
    void model_changed();

    void attach(const Tree& tree, const std::vector<std::filesystem::path>& paths);
    void remove(const Tree& tree, DocumentId id);
    /// Of the draft's document; of one that was sent: of every message that it came with.
    void choose(const Tree& tree, DocumentId id, storage::AttachmentChoice choice);

    /// The draft's documents, to be sent; an error in words when they cannot be, or not with this text.
    Result<std::vector<storage::Attachment>> to_send(const Tree& tree, const std::string& text) const;
    static std::vector<storage::Attachment> of_message(const ConversationTree& tree, MessageId message);
    /// The message is in the database with them.
    void sent(ConversationTree& tree, MessageId message, const std::vector<storage::Attachment>& attachments);

    void prepare(const Tree& tree, MessageId question, std::function<void(const Status&)> done) override;
    void cancel(MessageId question) override;
    std::vector<Source> sources(const ConversationTree& tree, MessageId question) override;

    std::optional<Clock::time_point> due() const;  ///< when a question waits no longer for its vector
    void tick(Clock::time_point now);
    void work();  ///< nobody waits: vectors of what is searched in the shown conversation

  private:
    using Cancelled = std::shared_ptr<std::atomic<bool>>;
    struct Preparing {
        Tree tree;
        MessageId question;
        std::function<void(const Status&)> done;
        bool vector_asked = false;
        std::uint64_t vector_job = 0;  ///< of the embedder; 0: none is waited for
        Clock::time_point vector_until;
        std::vector<float> vector;
        std::string vector_model;
    };

    DraftDocument* find(ConversationTree& tree, MessageId message, DocumentId id) const;
    void read_one(const Tree& tree, const std::filesystem::path& path);
    void was_read(const Tree& tree, DocumentId entry, Result<ReadDocument> result, std::string hash);
    bool is_attached(ConversationTree& tree, const std::string& hash) const;
    Status keep(ConversationTree& tree, DraftDocument& entry, ReadDocument read, std::string hash);
    void count(const Tree& tree, DocumentId id);
    void counted(const Tree& tree, DocumentId id, std::uint32_t tokens);
    void choose_by_default(ConversationTree& tree);
    void choose_sent(ConversationTree& tree, DocumentId id, storage::AttachmentChoice choice);
    ChoiceFacts facts(const ConversationTree& tree, DocumentId without = 0) const;
    void plan_tokens(ConversationTree& tree, DraftDocument& document) const;
    void draft_changed(const Tree& tree);
    void tell_draft(const ConversationTree& tree) const;
    void tell_message(const ConversationTree& tree, MessageId message) const;
    // document_compressing.cpp
    bool has_form(const ConversationTree& tree, const DraftDocument& document) const;
    void each_place(ConversationTree& tree, DocumentId id,
                    const std::function<void(MessageId, DraftDocument&)>& what) const;
    void compress(const Tree& tree, DocumentId id);
    void compress_progress(const Tree& tree, DocumentId id, double share);
    void compressed(const Tree& tree, DocumentId id, Result<ShortenedText> result);
    Status keep_compressed(ConversationTree& tree, DocumentId id, ShortenedText shortened);
    void stop_compressing(DocumentId id);
    std::optional<Status> compress_for(const Tree& tree, MessageId question);  ///< none: it is waited for
    void step_all();
    // document_index.cpp
    bool index(const Tree& tree, DocumentId id);
    void index_draft(const Tree& tree);
    bool indexed_for(const Tree& tree, const FindOrder& order);
    void index_progress(DocumentId id, double share);
    void index_ended(DocumentId id, const Status& status);
    void stop_indexing(DocumentId id);
    // question_documents.cpp
    void step(std::list<Preparing>::iterator preparing);
    void finish(std::list<Preparing>::iterator preparing, const Status& status);
    static FindOrder order_of(const ConversationTree& tree, MessageId question);
    Status search_for(ConversationTree& tree, MessageId question, const FindOrder& order);
    // document_vectors.cpp
    struct Embedding;
    void embed(const Tree& tree, DocumentId id);
    void embed_next(const std::shared_ptr<Embedding>& embedding);
    void keep_vectors(const std::shared_ptr<Embedding>& embedding, const std::vector<std::uint32_t>& chunks,
                      Result<Embedder::Vectors> made);
    bool waits_for_vector(std::list<Preparing>::iterator preparing, const FindOrder& order);

    WorkerLink& link_;
    ModelKeeper& models_;
    DocumentForms forms_;
    ChunkFinder finder_;
    DocumentIndexer indexer_;
    std::map<DocumentId, Tree> indexing_;
    std::set<DocumentId> index_failed_;
    std::weak_ptr<ConversationTree> shown_;
    DocumentId entries_ = 0;  // of files that are being read, or could not be: below 0
    std::map<DocumentId, Cancelled> reading_;
    std::map<DocumentId, std::uint32_t> tokens_;  // of whole documents, for the loaded model
    std::set<DocumentId> counting_;
    std::uint64_t model_serial_ = 0;   // counts for an earlier model are ignored
    std::set<DocumentId> by_default_;  // whose choice is ours, so that it may change with what is known
    std::list<Preparing> preparing_;
    std::string embedded_by_;                          // the model of these
    std::set<DocumentId> embedded_;                    // done, or under way
    std::map<DocumentId, std::uint64_t> compressing_;  // jobs of the shortener
    JobThread jobs_;                                   // ends first
};

}  // namespace tendril::app
