// SPDX-License-Identifier: Apache-2.0
// DocumentDesk: the draft's documents. What is made of them before an answer is in question_documents.cpp.
#include "app/documents/document_desk.h"

#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/text_files.h"
#include "app/turn_records.h"
#include "engine/model/describe.h"

namespace tendril::app {
namespace {

using storage::Attachment;
using storage::AttachmentChoice;

constexpr std::uint32_t kAnswerRoom = 512;
constexpr std::uint32_t kTemplateRoom = 64;  // what the model's template puts around a message

}  // namespace

DocumentDesk::DocumentDesk(WorkerLink& link, ModelKeeper& models)
    : link_(link), models_(models), forms_(link), finder_(link, models), indexer_(link) {
    indexer_.on_progress = [this](DocumentId id, double share) { index_progress(id, share); };
    indexer_.on_end = [this](DocumentId id, const Status& status) { index_ended(id, status); };
}

DocumentDesk::~DocumentDesk() {
    for (const auto& [entry, cancelled] : reading_) {
        *cancelled = true;
    }
}

DraftDocument* DocumentDesk::find(ConversationTree& tree, MessageId message, DocumentId id) const {
    auto& all = tree.documents(message).shown;
    const auto it = std::find_if(all.begin(), all.end(), [id](const auto& one) { return one.id == id; });
    return it == all.end() ? nullptr : &*it;
}

void DocumentDesk::show(const Tree& tree) {
    shown_ = tree;
    for (const auto& one : tree->documents(kDraft).shown) {
        count(tree, one.id);
    }
    for (const storage::Message* message : tree->branch()) {
        for (const auto& one : std::as_const(*tree).documents(message->id).shown) {
            count(tree, one.id);
        }
    }
    tell_draft(*tree);
}

void DocumentDesk::model_changed() {
    ++model_serial_;
    tokens_.clear();
    counting_.clear();
    const Tree tree = shown_.lock();
    if (tree && models_.ready()) {
        show(tree);
    }
    if (models_.ready()) {
        step_all();
    }
}

void DocumentDesk::tell_draft(const ConversationTree& tree) const {
    const Tree shown = shown_.lock();
    if (shown && shown.get() == &tree) {
        link_.emit(DraftDocuments{tree.conversation().id, tree.documents(kDraft).shown});
    }
}

void DocumentDesk::tell_message(const ConversationTree& tree, MessageId message) const {
    const Tree shown = shown_.lock();
    if (shown && shown.get() == &tree && tree.on_branch(message)) {
        link_.emit(MessageChanged{tree.conversation().id, tree.shown(*tree.find(message))});
    }
}

void DocumentDesk::draft_changed(const Tree& tree) {
    choose_by_default(*tree);
    for (const DraftDocument& one : std::as_const(*tree).documents(kDraft).shown) {
        if (!has_form(*tree, one) && one.error.empty()) {
            compress(tree, one.id);  // while the question is typed
        }
    }
    index_draft(tree);
    forms_.refresh(*tree, kDraft);
    tell_draft(*tree);
    if (on_draft && shown_.lock() == tree) {
        on_draft();
    }
}

void DocumentDesk::attach(const Tree& tree, const std::vector<std::filesystem::path>& paths) {
    for (const auto& path : paths) {
        read_one(tree, path);
    }
    draft_changed(tree);
}

void DocumentDesk::read_one(const Tree& tree, const std::filesystem::path& path) {
    DraftDocument entry;
    entry.id = --entries_;
    entry.name = path.filename().string();
    entry.progress = 0;
    tree->documents(kDraft).shown.push_back(entry);
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    reading_[entry.id] = cancelled;
    jobs_.post([this, path, cancelled, id = entry.id, tree, mailbox = link_.mailbox] {
        auto result = read_document(path, {}, [&] { return *cancelled || jobs_.ending(); });
        std::string hash = result ? engine::text_sha256(result->text) : std::string();
        mailbox->put([this, id, tree, result = std::move(result), hash = std::move(hash)] {
            was_read(tree, id, result, hash);
        });
    });
}

void DocumentDesk::was_read(const Tree& tree, DocumentId entry, Result<ReadDocument> result,
                            std::string hash) {
    reading_.erase(entry);
    DraftDocument* document = find(*tree, kDraft, entry);
    if (document == nullptr) {
        return;  // removed meanwhile
    }
    if (result && is_attached(*tree, hash)) {
        link_.notice(result->name + " is attached already.", tree->conversation().id);
        std::erase_if(tree->documents(kDraft).shown, [entry](const auto& one) { return one.id == entry; });
        draft_changed(tree);
        return;
    }
    Status kept =
        result ? keep(*tree, *document, std::move(*result), std::move(hash)) : Status(fail(result.error()));
    if (!kept) {
        link_.log->info("a file was not attached: {}", kept.error().detail);
        document = find(*tree, kDraft, entry);
        document->progress = 1;
        document->error = kept.error().message;
    }
    draft_changed(tree);
}

/// To the draft: the same text.
bool DocumentDesk::is_attached(ConversationTree& tree, const std::string& hash) const {
    const auto known = link_.store.documents(tree.conversation().id);
    return known && std::any_of(known->begin(), known->end(), [&](const storage::Document& one) {
               return !hash.empty() && one.text_hash == hash && find(tree, kDraft, one.id) != nullptr;
           });
}

Status DocumentDesk::keep(ConversationTree& tree, DraftDocument& entry, ReadDocument read, std::string hash) {
    storage::Document document;
    document.conversation = tree.conversation().id;
    document.name = read.name;
    document.kind = read.kind;
    document.file_bytes = static_cast<std::int64_t>(read.file_bytes);
    document.text = std::move(read.text);
    document.text_hash = std::move(hash);
    document.created = wall_clock_ms();
    const auto id = link_.store.add_document(document, AttachmentChoice::whole);
    if (!id) {
        return fail(id.error());
    }
    entry.id = *id;
    entry.name = document.name;
    entry.kind = kind_for_people(document.kind);
    entry.bytes = read.file_bytes;
    entry.progress = 1;
    by_default_.insert(*id);
    if (!read.note.empty()) {
        link_.notice(read.note, document.conversation);
    }
    if (const Tree shown = shown_.lock(); shown && shown.get() == &tree) {
        count(shown, *id);
    }
    return {};
}

void DocumentDesk::count(const Tree& tree, DocumentId id) {
    if (id <= 0 || !models_.ready()) {
        return;
    }
    if (const auto known = tokens_.find(id); known != tokens_.end()) {
        counted(tree, id, known->second);
        return;
    }
    auto document =
        counting_.insert(id).second ? link_.store.document(id) : Result<storage::Document>(fail({}));
    if (!document) {
        return;
    }
    jobs_.post([this, id, text = std::move(document->text), tokenizer = models_.model().tokenizer,
                serial = model_serial_, weak = std::weak_ptr(tree), mailbox = link_.mailbox] {
        const auto tokens = static_cast<std::uint32_t>(tokenizer->encode(framed_text({}, text), {}).size());
        mailbox->put([this, id, tokens, serial, weak] {
            const Tree counted_in = weak.lock();
            if (serial == model_serial_) {
                tokens_[id] = tokens;
                counting_.erase(id);
                if (counted_in) {
                    counted(counted_in, id, tokens);
                }
            }
        });
    });
}

void DocumentDesk::counted(const Tree& tree, DocumentId id, std::uint32_t tokens) {
    for (const storage::Message* message : tree->branch()) {
        if (std::as_const(*tree).documents(message->id).shown.empty()) {
            continue;
        }
        if (DraftDocument* one = find(*tree, message->id, id); one != nullptr && one->tokens != tokens) {
            one->tokens = tokens;
            plan_tokens(*tree, *one);
            tell_message(*tree, message->id);
        }
    }
    if (DraftDocument* one = find(*tree, kDraft, id); one != nullptr && one->tokens != tokens) {
        one->tokens = tokens;
        draft_changed(tree);
    }
}

ChoiceFacts DocumentDesk::facts(const ConversationTree& tree, DocumentId without) const {
    ChoiceFacts facts;
    if (models_.ready()) {
        facts.context = models_.model().context;
        facts.taken =
            std::min(kAnswerRoom, facts.context / 4) + kTemplateRoom +
            static_cast<std::uint32_t>(models_.composer().tokens_of(tree.conversation().system_prompt));
    }
    if (without != 0) {
        std::vector<DraftDocument> others = tree.documents(kDraft).shown;
        std::erase_if(others, [without](const DraftDocument& one) { return one.id == without; });
        facts.taken += planned_tokens(others);
    }
    facts.compress_rate = shortener != nullptr ? link_.settings.compress_rate : 1;
    return facts;
}

void DocumentDesk::plan_tokens(ConversationTree& tree, DraftDocument& document) const {
    const storage::Representation* compressed =
        document.choice == AttachmentChoice::compressed ? compressed_form(tree, document.id) : nullptr;
    document.planned_tokens = compressed != nullptr
                                  ? static_cast<std::uint32_t>(compressed->tokens_after)
                                  : planned_tokens(document.tokens, document.choice, facts(tree));
}

void DocumentDesk::choose_by_default(ConversationTree& tree) {
    for (DraftDocument& one : tree.documents(kDraft).shown) {
        if (one.tokens != 0 && by_default_.contains(one.id)) {
            const AttachmentChoice choice = default_choice(one.tokens, facts(tree, one.id));
            if (choice != one.choice && link_.store.set_choice(one.id, std::nullopt, choice)) {
                one.choice = choice;
            }
        }
        plan_tokens(tree, one);
    }
}

void DocumentDesk::remove(const Tree& tree, DocumentId id) {
    if (const auto reading = reading_.find(id); reading != reading_.end()) {
        *reading->second = true;
        reading_.erase(reading);
    }
    if (id > 0 && find(*tree, kDraft, id) != nullptr) {
        if (const Status removed = link_.store.remove_from_draft(id); !removed) {
            link_.report(removed.error());
            return;
        }
    }
    stop_compressing(id);
    stop_indexing(id);
    std::erase_if(tree->documents(kDraft).shown, [id](const auto& one) { return one.id == id; });
    draft_changed(tree);
    step_all();  // a message that was sent may have it as well
}

void DocumentDesk::choose(const Tree& tree, DocumentId id, AttachmentChoice choice) {
    by_default_.erase(id);
    if (DraftDocument* one = find(*tree, kDraft, id); one != nullptr) {
        if (const Status saved = id > 0 ? link_.store.set_choice(id, std::nullopt, choice) : Status();
            !saved) {
            link_.report(saved.error());
            return;
        }
        one->choice = choice;
        one->error = id > 0 ? std::string() : one->error;
        one->progress = indexing_.contains(id) ? 1 : one->progress;  // of the search, which goes on unseen
        if (choice != AttachmentChoice::compressed) {
            stop_compressing(id);
        }
        draft_changed(tree);
        return;
    }
    choose_sent(*tree, id, choice);
    if (choice != AttachmentChoice::compressed) {
        stop_compressing(id);
    }
    step_all();  // a turn may wait for what is not wanted any more
    if (on_draft && shown_.lock() == tree) {
        on_draft();
    }
}

void DocumentDesk::choose_sent(ConversationTree& tree, DocumentId id, AttachmentChoice choice) {
    for (const storage::Message* row : tree.all()) {
        storage::Message& message = *tree.find(row->id);
        const std::string context = without_found(message.context, id);
        if (context != message.context && link_.store.set_context(message.id, context)) {
            message.context = context;
            forms_.refresh(tree, message.id);
        }
        DraftDocument* one =
            std::as_const(tree).documents(message.id).shown.empty() ? nullptr : find(tree, message.id, id);
        if (one != nullptr && one->choice != choice && link_.store.set_choice(id, message.id, choice)) {
            one->choice = choice;
            one->error.clear();
            plan_tokens(tree, *one);
            forms_.refresh(tree, message.id);
            tell_message(tree, message.id);
        }
    }
}

Result<std::vector<Attachment>> DocumentDesk::to_send(const Tree& tree, const std::string& text) const {
    std::vector<Attachment> attachments;
    const auto& documents = std::as_const(*tree).documents(kDraft).shown;
    for (const DraftDocument& one : documents) {
        if (!one.error.empty()) {
            return fail(ErrorCode::invalid_argument,
                        one.error + " Remove it from the message, then send it.");
        }
        if (one.id <= 0) {
            return fail(ErrorCode::busy, one.name + " is still being read.");
        }
        attachments.push_back({one.id, std::nullopt, one.choice});
    }
    if (!attachments.empty() && models_.ready()) {
        ChoiceFacts now = facts(*tree);
        now.taken += static_cast<std::uint32_t>(models_.composer().tokens_of(text));
        if (const Status fitting = fits(documents, now); !fitting) {
            return fail(fitting.error());
        }
    }
    return attachments;
}

std::vector<Attachment> DocumentDesk::of_message(const ConversationTree& tree, MessageId message) {
    std::vector<Attachment> attachments;
    for (const DraftDocument& one : tree.documents(message).shown) {
        attachments.push_back({one.id, std::nullopt, one.choice});
    }
    return attachments;
}

void DocumentDesk::sent(ConversationTree& tree, MessageId message,
                        const std::vector<Attachment>& attachments) {
    if (attachments.empty()) {
        return;
    }
    std::vector<DraftDocument> shown;
    for (const Attachment& attachment : attachments) {
        DraftDocument* one = find(tree, kDraft, attachment.document);
        for (const storage::Message* other : tree.all()) {
            one = one == nullptr ? find(tree, other->id, attachment.document) : one;
        }
        if (one != nullptr) {
            shown.push_back(*one);
            shown.back().choice = attachment.choice;
        }
    }
    std::erase_if(tree.documents(kDraft).shown, [&](const DraftDocument& one) {
        return std::any_of(attachments.begin(), attachments.end(),
                           [&](const Attachment& each) { return each.document == one.id; });
    });
    tree.documents(message).shown = std::move(shown);
    forms_.refresh(tree, message);
    forms_.refresh(tree, kDraft);
    tell_draft(tree);
}

}  // namespace tendril::app
