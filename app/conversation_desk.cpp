// SPDX-License-Identifier: Apache-2.0
// ConversationDesk: opening, listing, versions, drafts. Asking is in desk_asking.cpp. Chat worker's thread
// only.
#include "app/conversation_desk.h"

#include <algorithm>
#include <utility>

#include "app/file_writer.h"
#include "app/turn_records.h"

namespace tendril::app {

using storage::Conversation;

namespace {

constexpr const char* kLastConversation = "last_conversation";
constexpr auto kDraftDelay = std::chrono::milliseconds(300);
constexpr std::size_t kSearchHits = 200;

}  // namespace

ConversationDesk::ConversationDesk(WorkerLink& link, TurnRunner& turns, ModelKeeper& models, ReadAhead& ahead,
                                   TitleMaker& titles, DocumentDesk& documents)
    : link_(link), turns_(turns), models_(models), ahead_(ahead), titles_(titles), documents_(documents) {
    titles_.on_title = [this](const Tree& tree, const std::string& title) {
        entitle(*tree, title, storage::TitledBy::model);
        list();
    };
    writes_.on_wait = [this](const auto& write, const Error& error, std::int64_t serial) {
        waits(write, error, serial);
    };
    writes_.on_refused = [this](const auto& write, const Error& error) { refused(write, error); };
    writes_.on_done_late = [this](const auto& write) {
        link_.notice("There is room on the disk again; your message is saved.");
        if (shown_ && shown_->conversation().id == write.conversation) {
            tell_shown();
        }
    };
}

bool ConversationDesk::report(const Status& status) {
    if (!status) {
        link_.report(status.error());
    }
    return status.has_value();
}

void ConversationDesk::list() {
    auto all = link_.store.conversations();
    if (!all) {
        link_.report(all.error());
        return;
    }
    link_.emit(ConversationsListed{std::move(*all)});
}

void ConversationDesk::open_last() {
    const auto all = link_.store.conversations();
    if (!all || all->empty()) {
        open_new();
        return;
    }
    const std::string last = link_.store.setting(kLastConversation).value_or(std::string());
    const auto it = std::find_if(all->begin(), all->end(),
                                 [&](const Conversation& one) { return std::to_string(one.id) == last; });
    open(it == all->end() ? all->front().id : it->id);
}

void ConversationDesk::open_new() {
    const auto unused = [this](const Conversation& one) {
        const bool nothing_said = !one.leaf && one.title.empty() && one.draft.empty();
        const auto documents =
            nothing_said ? link_.store.documents(one.id) : Result<std::vector<storage::Document>>();
        return nothing_said && documents && documents->empty();
    };
    const auto all = link_.store.conversations();
    if (all) {
        const auto it = std::find_if(all->begin(), all->end(), unused);
        if (it != all->end()) {
            begin_with_settings(it->id, it->answer_mode);
            open(it->id);
            return;
        }
    }
    auto made = link_.store.create_conversation("", link_.settings.system_prompt);
    if (!made) {
        link_.report(made.error());
        return;
    }
    begin_with_settings(made->id, made->answer_mode);
    list();
    open(made->id);
}

void ConversationDesk::begin_with_settings(ConversationId id, storage::AnswerMode has) {
    const storage::AnswerMode wanted = link_.settings.answer_mode;
    if (wanted != has && report(link_.store.set_answer_mode(id, wanted))) {
        if (const Tree tree = trees_[id].lock()) {
            tree->conversation().answer_mode = wanted;
        }
    }
}

ConversationDesk::Tree ConversationDesk::tree_of(ConversationId id) {
    if (Tree known = trees_[id].lock()) {
        return known;
    }
    auto conversation = link_.store.conversation(id);
    auto messages = conversation ? link_.store.messages(id)
                                 : Result<std::vector<storage::Message>>(fail(conversation.error()));
    if (!messages) {
        link_.report(messages.error());
        trees_.erase(id);
        return nullptr;
    }
    auto tree = std::make_shared<ConversationTree>(std::move(*conversation), std::move(*messages));
    if (auto shortened = link_.store.representations(id)) {
        tree->representations() = std::move(*shortened);
    } else {
        link_.report(shortened.error());  // the full text is there
    }
    documents_.load(*tree);
    trees_[id] = tree;
    return tree;
}

void ConversationDesk::open(ConversationId id) {
    write_draft();
    Tree tree = tree_of(id);
    if (!tree) {
        return;
    }
    show(std::move(tree));
    report(link_.store.set_setting(kLastConversation, std::to_string(id)));
}

void ConversationDesk::show(Tree tree) {
    shown_ = std::move(tree);
    std::erase_if(trees_, [](const auto& entry) { return entry.second.expired(); });
    stored_draft_ = shown_->conversation().draft;
    turns_.show(shown_->conversation().id);
    tell_shown();
    documents_.show(shown_);
    ahead_.show(shown_);
}

void ConversationDesk::tell_shown() {
    ConversationShown event{shown_->conversation(), shown_->shown_branch()};
    for (ShownMessage& one : event.messages) {
        one.waiting = turns_.waiting(one.message.id);
    }
    for (const auto& waiting : writes_.waiting()) {
        if (waiting.write.conversation == event.conversation.id && !waiting.write.text.empty()) {
            ShownMessage unsaved;
            unsaved.message.id = -waiting.serial;
            unsaved.message.conversation = event.conversation.id;
            unsaved.message.status = storage::MessageStatus::failed;
            unsaved.message.text = waiting.write.text;
            unsaved.message.error = waiting.error;
            event.messages.push_back(std::move(unsaved));
        }
    }
    link_.emit(std::move(event));
    turns_.tell_points();
    if (on_shown) {
        on_shown(shown_);
    }
}

void ConversationDesk::rename(ConversationId id, const std::string& title) {
    if (!report(link_.store.rename(id, title))) {
        return;
    }
    if (const Tree tree = trees_[id].lock()) {
        tree->conversation().title = title;
        tree->conversation().titled_by = storage::TitledBy::person;
    }
    list();
}

void ConversationDesk::trash(ConversationId id) {
    const auto conversation = link_.store.conversation(id);
    if (!conversation) {
        link_.report(conversation.error());
        return;
    }
    writes_.drop(id);
    turns_.stop(id);
    if (!report(link_.store.set_deleted(id, true))) {
        return;
    }
    titles_.forget(id);
    if (on_forget) {
        on_forget(id);
    }
    link_.engine.forget(static_cast<std::uint64_t>(id));
    if (const Tree tree = trees_[id].lock()) {
        tree->conversation().deleted = wall_clock_ms();
    }
    link_.emit(ConversationTrashed{id, conversation->title});
    list();
    if (shown_ && shown_->conversation().id == id) {
        write_draft();
        open_last();
    }
}

void ConversationDesk::restore(ConversationId id) {
    if (report(link_.store.set_deleted(id, false))) {
        if (const Tree tree = trees_[id].lock()) {
            tree->conversation().deleted.reset();
        }
        list();
        open(id);
    }
}

void ConversationDesk::export_to(ConversationId id, const std::filesystem::path& file, bool json) {
    const auto text = storage::export_conversation(
        link_.store, id, json ? storage::ExportFormat::json : storage::ExportFormat::markdown);
    const Status written = text ? write_file(file, *text) : Status(fail(text.error()));
    link_.emit(Exported{file, written ? std::string() : written.error().message});
}

void ConversationDesk::set_system_prompt(const std::string& text) {
    if (shown_ && report(link_.store.set_system_prompt(shown_->conversation().id, text))) {
        shown_->conversation().system_prompt = text;
        ahead_.show(shown_);
    }
}

void ConversationDesk::set_private(bool is_private) {
    if (!shown_ || shown_->conversation().is_private == is_private ||
        !report(link_.store.set_private(shown_->conversation().id, is_private))) {
        return;
    }
    shown_->conversation().is_private = is_private;
    // What was kept as everybody's goes, on disk too; it is read again as this conversation's own.
    link_.engine.forget(static_cast<std::uint64_t>(shown_->conversation().id));
    ahead_.refresh();
    list();
}

void ConversationDesk::set_answer_mode(storage::AnswerMode mode) {
    if (shown_ && shown_->conversation().answer_mode != mode &&
        report(link_.store.set_answer_mode(shown_->conversation().id, mode))) {
        shown_->conversation().answer_mode = mode;
    }
}

void ConversationDesk::forget_kept(const std::vector<ConversationId>& purged) {
    for (const ConversationId id : purged) {
        link_.engine.forget(static_cast<std::uint64_t>(id));
    }
    std::vector<std::uint64_t> known;
    bool complete = true;
    for (const bool deleted : {true, false}) {
        const auto all = link_.store.conversations(deleted);
        complete = complete && all.has_value();
        for (const Conversation& one : all ? *all : std::vector<Conversation>()) {
            if (deleted || one.is_private) {
                link_.engine.forget(static_cast<std::uint64_t>(one.id));
            } else {
                known.push_back(static_cast<std::uint64_t>(one.id));
            }
        }
    }
    // Others were purged while no model was loaded, in this run of the program or in an earlier one.
    if (complete) {
        link_.engine.forget_others(std::move(known));
    }
}

void ConversationDesk::search(const std::string& words) {
    if (words.find_first_not_of(" \t\r\n") == std::string::npos) {
        link_.emit(SearchFinished{words, {}});
        return;
    }
    auto hits = link_.store.search(words, kSearchHits);
    if (!hits) {
        link_.report(hits.error());
    }
    link_.emit(SearchFinished{words, hits ? std::move(*hits) : std::vector<storage::SearchHit>()});
}

void ConversationDesk::show_version(MessageId message, int version) {
    if (!shown_) {
        return;
    }
    const auto versions = shown_->versions(message);
    if (version < 1 || static_cast<std::size_t>(version) > versions.size()) {
        return;
    }
    const MessageId leaf = shown_->newest_leaf_below(versions[static_cast<std::size_t>(version) - 1]);
    if (report(link_.store.set_leaf(shown_->conversation().id, leaf))) {
        shown_->set_leaf(leaf);
        tell_shown();
        ahead_.show(shown_);
    }
}

void ConversationDesk::save_draft(const std::string& text) {
    if (shown_) {
        shown_->conversation().draft = text;
        ahead_.typed();
        if (!draft_due_) {
            draft_due_ = Clock::now() + kDraftDelay;
        }
    }
}

void ConversationDesk::write_draft() {
    draft_due_.reset();
    if (!shown_ || shown_->conversation().draft == stored_draft_) {
        return;
    }
    const Status saved = link_.store.set_draft(shown_->conversation().id, shown_->conversation().draft);
    if (saved) {
        stored_draft_ = shown_->conversation().draft;
    } else if (may_pass(saved.error())) {
        draft_due_ = Clock::now() + kJournalRetry;  // in silence: it is still in the composer
    }
}

std::optional<Clock::time_point> ConversationDesk::due() const {
    const auto writes = writes_.due();
    if (!draft_due_ || !writes) {
        return draft_due_ ? draft_due_ : writes;
    }
    return std::min(*draft_due_, *writes);
}

void ConversationDesk::tick(Clock::time_point now) {
    if (draft_due_ && *draft_due_ <= now) {
        write_draft();
    }
    writes_.tick(now);
}

}  // namespace tendril::app
