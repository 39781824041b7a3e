// SPDX-License-Identifier: Apache-2.0
// DocumentDesk: documents that are compressed, from the moment that this is chosen, before the model has read
// them.
#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/documents/document_desk.h"
#include "app/turn_records.h"

namespace tendril::app {
namespace {

using storage::AttachmentChoice;

}  // namespace

bool DocumentDesk::has_form(const ConversationTree& tree, const DraftDocument& document) const {
    return document.choice != AttachmentChoice::compressed || compressed_form(tree, document.id) != nullptr ||
           full_text_wanted(tree, document.id);
}

void DocumentDesk::each_place(ConversationTree& tree, DocumentId id,
                              const std::function<void(MessageId, DraftDocument&)>& what) const {
    std::vector<MessageId> places{kDraft};
    for (const storage::Message* message : tree.all()) {
        if (!std::as_const(tree).documents(message->id).shown.empty()) {
            places.push_back(message->id);
        }
    }
    for (const MessageId place : places) {
        if (DraftDocument* one = find(tree, place, id)) {
            what(place, *one);
        }
    }
}

void DocumentDesk::compress(const Tree& tree, DocumentId id) {
    if (shortener == nullptr || !models_.ready() || id <= 0 || compressing_.contains(id)) {
        return;
    }
    auto document = link_.store.document(id);
    if (!document) {
        link_.report(document.error());
        return;
    }
    each_place(*tree, id, [](MessageId, DraftDocument& one) { one.progress = 0; });
    const auto job = shortener->start(
        std::move(document->text), scope_of(tree->conversation()),
        [this, tree, id](double share) { compress_progress(tree, id, share); },
        [this, tree, id](Result<ShortenedText> result) { compressed(tree, id, std::move(result)); });
    compressing_[id] = job;
}

void DocumentDesk::compress_progress(const Tree& tree, DocumentId id, double share) {
    bool drafted = false;
    each_place(*tree, id, [&](MessageId place, DraftDocument& one) {
        if (one.choice == AttachmentChoice::compressed) {
            one.progress = std::min(share, 0.999);
            drafted = drafted || place == kDraft;
            if (place != kDraft) {
                tell_message(*tree, place);
            }
        }
    });
    if (drafted) {
        tell_draft(*tree);
    }
}

void DocumentDesk::compressed(const Tree& tree, DocumentId id, Result<ShortenedText> result) {
    compressing_.erase(id);
    Status kept = result ? keep_compressed(*tree, id, std::move(*result)) : Status(fail(result.error()));
    const bool cancelled = !kept && kept.error().code == ErrorCode::cancelled;
    if (!kept && !cancelled) {
        link_.log->warn("document {} not compressed: {} ({})", id, kept.error().message, kept.error().detail);
    }
    each_place(*tree, id, [&](MessageId place, DraftDocument& one) {
        one.progress = 1;
        if (one.choice == AttachmentChoice::compressed) {
            one.error = kept || cancelled ? std::string() : kept.error().message;
        }
        plan_tokens(*tree, one);
        forms_.refresh(*tree, place);
        if (place != kDraft) {
            tell_message(*tree, place);
        }
    });
    tell_draft(*tree);
    if (on_draft && shown_.lock() == tree) {
        on_draft();
    }
    if (!cancelled || models_.ready()) {
        step_all();
    }
}

Status DocumentDesk::keep_compressed(ConversationTree& tree, DocumentId id, ShortenedText shortened) {
    storage::Representation form;
    form.conversation = tree.conversation().id;
    form.document = id;
    form.form = storage::RepresentationForm::compressed;
    form.method = std::move(shortened.method);
    form.rate = shortened.rate;
    form.scorer = std::move(shortened.scorer);
    form.text = std::move(shortened.text);
    form.tokens_before = shortened.tokens_before;
    form.tokens_after = shortened.tokens_after;
    form.created = wall_clock_ms();
    auto made = link_.store.add_representation(form);
    if (!made) {
        return fail(made.error());
    }
    form.id = *made;
    tree.representations().push_back(std::move(form));
    return {};
}

void DocumentDesk::stop_compressing(DocumentId id) {
    if (const auto running = compressing_.find(id); running != compressing_.end()) {
        shortener->cancel(running->second);
    }
}

std::optional<Status> DocumentDesk::compress_for(const Tree& tree, MessageId question) {
    for (DraftDocument& one : tree->documents(question).shown) {
        if (has_form(*tree, one)) {
            continue;
        }
        if (shortener == nullptr) {
            return fail(ErrorCode::unsupported,
                        one.name + " cannot be compressed here. Have it read whole or searched instead.");
        }
        if (!one.error.empty()) {
            return fail(ErrorCode::io,
                        std::exchange(one.error, {}) +
                            " Have the document read whole or searched instead, or try again.");
        }
        compress(tree, one.id);
        return std::nullopt;
    }
    return Status();
}

void DocumentDesk::step_all() {
    for (auto one = preparing_.begin(); one != preparing_.end();) {
        const auto next = std::next(one);
        step(one);
        one = next;
    }
}

}  // namespace tendril::app
