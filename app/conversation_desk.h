// SPDX-License-Identifier: Apache-2.0
// The conversations as a person works with them: the list, the open one, its versions, drafts, search and
// export. Chat worker's thread only; owned by ChatWorker's core. A user message is durable before its turn
// begins.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/conversation_tree.h"
#include "app/documents/document_desk.h"
#include "app/read_ahead.h"
#include "app/title_maker.h"
#include "app/turn_runner.h"
#include "app/worker_link.h"
#include "app/write_queue.h"

namespace tendril::app {

class ConversationDesk {
  public:
    ConversationDesk(WorkerLink& link, TurnRunner& turns, ModelKeeper& models, ReadAhead& ahead,
                     TitleMaker& titles, DocumentDesk& documents);

    /// Told with each ConversationShown, behind it.
    std::function<void(const std::shared_ptr<ConversationTree>&)> on_shown;
    std::function<void(ConversationId)> on_forget;  ///< a conversation goes to the trash

    void list();
    void open_last();  ///< the one that was open when the program ended, else the newest, else a new one
    void open_new();   ///< an empty one is used again
    void open(ConversationId id);
    void rename(ConversationId id, const std::string& title);
    void trash(ConversationId id);
    void restore(ConversationId id);
    void export_to(ConversationId id, const std::filesystem::path& file, bool json);
    void set_system_prompt(const std::string& text);
    void set_private(bool is_private);
    void set_answer_mode(storage::AnswerMode mode);
    void search(const std::string& words);
    void attach(const std::vector<std::filesystem::path>& paths);
    void remove_document(DocumentId id);
    void set_document_choice(DocumentId id, storage::AttachmentChoice choice);

    void send(const std::string& text);
    void stop();
    void retry(MessageId message, bool normally);  ///< `normally`: as one text, never in points
    void edit(MessageId message, const std::string& text);
    void continue_reply(MessageId message);
    void show_version(MessageId message, int version);
    void save_draft(const std::string& text);
    void write_draft();
    /// Once a model is there: what its cache may still hold of conversations that are gone or private is
    /// dropped.
    void forget_kept(const std::vector<ConversationId>& purged);

    std::optional<Clock::time_point> due() const;
    void tick(Clock::time_point now);

  private:
    using Tree = std::shared_ptr<ConversationTree>;

    Tree tree_of(ConversationId id);
    /// A conversation without messages takes what new ones begin with.
    void begin_with_settings(ConversationId id, storage::AnswerMode has);
    void show(Tree tree);
    void tell_shown();
    void write(WriteQueue::Write write);
    /// Commits a user message, then begins its answer.
    void ask(const Tree& tree, std::optional<MessageId> parent, const std::string& text,
             std::vector<storage::Attachment> attachments);
    Status commit(const Tree& tree, storage::Message& message,
                  const std::vector<storage::Attachment>& attachments);
    void entitle(ConversationTree& tree, const std::string& title, storage::TitledBy by);
    void name_after(ConversationTree& tree, const std::string& question);
    void waits(const WriteQueue::Write& write, const Error& error, std::int64_t serial);
    void refused(const WriteQueue::Write& write, const Error& error);
    bool report(const Status& status);  ///< true when it is well

    WorkerLink& link_;
    TurnRunner& turns_;
    ModelKeeper& models_;
    ReadAhead& ahead_;
    TitleMaker& titles_;
    DocumentDesk& documents_;
    WriteQueue writes_;
    Tree shown_;
    std::map<ConversationId, std::weak_ptr<ConversationTree>> trees_;  // those that are open or have a turn
    std::string stored_draft_;                                         // of the shown conversation
    std::optional<Clock::time_point> draft_due_;
};

}  // namespace tendril::app
