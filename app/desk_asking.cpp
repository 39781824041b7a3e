// SPDX-License-Identifier: Apache-2.0
// ConversationDesk: sending, editing, retrying, continuing. Chat worker's thread only.
#include <utility>

#include "app/conversation_desk.h"
#include "app/title.h"
#include "app/turn_records.h"

namespace tendril::app {

using storage::Message;
using storage::MessageStatus;
using storage::Role;

void ConversationDesk::write(WriteQueue::Write write) {
    writes_.run(std::move(write), Clock::now());
}

void ConversationDesk::waits(const WriteQueue::Write& write, const Error& error, std::int64_t serial) {
    link_.report(Error{error.code,
                       error.message + " Your message is kept here and sent as soon as it can be saved.",
                       error.detail});
    if (shown_ && shown_->conversation().id == write.conversation && !write.text.empty()) {
        ShownMessage unsaved;
        unsaved.message.id = -serial;
        unsaved.message.conversation = write.conversation;
        unsaved.message.status = MessageStatus::failed;
        unsaved.message.text = write.text;
        unsaved.message.error = error.message;
        link_.emit(MessageAdded{write.conversation, std::move(unsaved)});
    }
}

void ConversationDesk::refused(const WriteQueue::Write& write, const Error& error) {
    if (error.code != ErrorCode::cancelled) {
        link_.report(error, write.conversation);
    }
    // What was typed goes back to where it can be sent or copied from.
    if (shown_ && shown_->conversation().id == write.conversation && !write.text.empty()) {
        shown_->conversation().draft = write.text;
        draft_due_ = Clock::now();
        tell_shown();
    }
}

Status ConversationDesk::commit(const Tree& tree, Message& message,
                                const std::vector<storage::Attachment>& attachments) {
    message.conversation = tree->conversation().id;
    message.created = wall_clock_ms();
    auto id = link_.store.add_message(message, attachments);
    if (!id) {
        return fail(id.error());
    }
    message.id = *id;
    tree->add(message);
    documents_.sent(*tree, message.id, attachments);
    return {};
}

void ConversationDesk::entitle(ConversationTree& tree, const std::string& title, storage::TitledBy by) {
    if (report(link_.store.rename(tree.conversation().id, title, by))) {
        tree.conversation().title = title;
        tree.conversation().titled_by = by;
    }
}

void ConversationDesk::name_after(ConversationTree& tree, const std::string& question) {
    if (!tree.conversation().title.empty()) {
        return;
    }
    if (const std::string title = title_from(question); !title.empty()) {
        entitle(tree, title, storage::TitledBy::first_words);
    }
}

void ConversationDesk::ask(const Tree& tree, std::optional<MessageId> parent, const std::string& text,
                           std::vector<storage::Attachment> attachments) {
    auto question = std::make_shared<Message>();
    question->parent = parent;
    question->role = Role::user;
    question->text = text;
    const bool at_end = parent == tree->conversation().leaf;
    write({tree->conversation().id, text,
           [this, tree, question, at_end, attachments = std::move(attachments)]() -> Status {
               if (question->id == 0) {
                   if (Status committed = commit(tree, *question, attachments); !committed) {
                       return committed;
                   }
                   if (shown_ == tree && at_end) {
                       link_.emit(MessageAdded{question->conversation, tree->shown(*question)});
                   } else if (shown_ == tree) {
                       tell_shown();
                   }
                   name_after(*tree, question->text);
               }
               if (Status begun = turns_.begin(tree, question->id); !begun) {
                   return begun;
               }
               list();
               return {};
           }});
}

void ConversationDesk::send(const std::string& text) {
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return;
    }
    if (!shown_) {
        open_new();
    }
    if (!shown_) {
        link_.notice("The message could not be sent: no conversation can be made.");
        return;
    }
    auto attachments = documents_.to_send(shown_, text);
    if (!attachments) {  // the draft is as it was
        link_.report(attachments.error(), shown_->conversation().id);
        shown_->conversation().draft = text;
        draft_due_ = Clock::now();
        tell_shown();
        return;
    }
    shown_->conversation().draft.clear();
    ask(shown_, shown_->conversation().leaf, text, std::move(*attachments));
    const std::string model = models_.status().path.string();
    if (!model.empty() && shown_->conversation().model_path != model &&
        link_.store.set_model(shown_->conversation().id, model)) {
        shown_->conversation().model_path = model;
    }
    write_draft();
}

void ConversationDesk::stop() {
    if (shown_) {
        writes_.drop(shown_->conversation().id);
        turns_.stop(shown_->conversation().id);
    }
}

void ConversationDesk::retry(MessageId id, bool normally) {
    const Message* message = shown_ ? shown_->find(id) : nullptr;
    if (message == nullptr) {
        return;
    }
    const auto question = message->role == Role::assistant ? message->parent : std::optional(message->id);
    if (!question) {
        link_.notice("This message answers nothing, so it cannot be answered again.",
                     shown_->conversation().id);
        return;
    }
    turns_.stop(shown_->conversation().id);
    write({shown_->conversation().id, {}, [this, tree = shown_, question = *question, normally]() -> Status {
               const auto before = tree->conversation().leaf;
               if (before !=
                   question) {  // the answer takes another's place: show the branch up to the question first
                   tree->set_leaf(question);
                   if (shown_ == tree) {
                       tell_shown();
                   }
               }
               Status begun = turns_.begin(tree, question, normally);
               if (!begun) {
                   tree->set_leaf(before);
                   if (shown_ == tree) {
                       tell_shown();
                   }
               }
               return begun;
           }});
}

void ConversationDesk::edit(MessageId id, const std::string& text) {
    const Message* message = shown_ ? shown_->find(id) : nullptr;
    if (message == nullptr || text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return;
    }
    turns_.stop(shown_->conversation().id);
    if (message->role == Role::user) {
        ask(shown_, message->parent, text, DocumentDesk::of_message(*shown_, id));
        return;
    }
    auto version = std::make_shared<Message>();
    version->parent = message->parent;
    version->role = message->role;
    version->text = text;
    version->left_out = message->left_out;
    write({shown_->conversation().id, text, [this, tree = shown_, version]() -> Status {
               Status committed = commit(tree, *version, {});
               if (committed && shown_ == tree) {
                   tell_shown();
                   ahead_.show(tree);
               }
               return committed;
           }});
}

void ConversationDesk::attach(const std::vector<std::filesystem::path>& paths) {
    if (!shown_) {
        open_new();
    }
    if (shown_) {
        documents_.attach(shown_, paths);
    }
}

void ConversationDesk::remove_document(DocumentId id) {
    if (shown_) {
        documents_.remove(shown_, id);
    }
}

void ConversationDesk::set_document_choice(DocumentId id, storage::AttachmentChoice choice) {
    if (shown_) {
        documents_.choose(shown_, id, choice);
    }
}

void ConversationDesk::continue_reply(MessageId id) {
    if (shown_) {
        write({shown_->conversation().id, {}, [this, tree = shown_, id] { return turns_.resume(tree, id); }});
    }
}

}  // namespace tendril::app
