// SPDX-License-Identifier: Apache-2.0
// See document_forms.h.
#include "app/documents/document_forms.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/documents/message_context.h"
#include "prompt/retrieval/chunks.h"

namespace tendril::app {
namespace {

using storage::AttachmentChoice;
using storage::RepresentationForm;

DraftDocument shown_of(const storage::Document& document, AttachmentChoice choice) {
    DraftDocument shown;
    shown.id = document.id;
    shown.name = document.name;
    shown.kind = kind_for_people(document.kind);
    shown.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(document.file_bytes, 0));
    shown.choice = choice;
    return shown;
}

}  // namespace

std::string kind_for_people(storage::DocumentKind kind) {
    switch (kind) {
        case storage::DocumentKind::markdown:
            return "Markdown";
        case storage::DocumentKind::source:
            return "Source code";
        case storage::DocumentKind::pdf:
            return "PDF";
        case storage::DocumentKind::text:
            break;
    }
    return "Text";
}

const storage::Representation* compressed_form(const ConversationTree& tree, DocumentId document) {
    const auto& all = tree.representations();
    const auto newest = std::find_if(all.rbegin(), all.rend(), [document](const auto& one) {
        return one.document == document && one.form == RepresentationForm::compressed && !one.undone;
    });
    return newest == all.rend() ? nullptr : &*newest;
}

bool full_text_wanted(const ConversationTree& tree, DocumentId document) {
    const auto& all = tree.representations();
    return compressed_form(tree, document) == nullptr &&
           std::any_of(all.begin(), all.end(), [document](const auto& one) {
               return one.document == document && one.form == RepresentationForm::compressed;
           });
}

void DocumentForms::load(ConversationTree& tree) const {
    const auto documents = link_.store.documents(tree.conversation().id);
    const auto attachments = link_.store.attachments(tree.conversation().id);
    if (!documents || !attachments) {
        link_.report(documents ? attachments.error() : documents.error());
        return;
    }
    for (const storage::Attachment& one : *attachments) {
        const auto document = std::find_if(documents->begin(), documents->end(),
                                           [&](const auto& each) { return each.id == one.document; });
        if (document != documents->end()) {
            tree.documents(one.message.value_or(kDraft)).shown.push_back(shown_of(*document, one.choice));
        }
    }
    refresh(tree, kDraft);
    for (const storage::Message* message : tree.all()) {
        if (message->role == storage::Role::user) {
            refresh(tree, message->id);
        }
    }
}

std::optional<DocumentText> DocumentForms::text_of(const ConversationTree& tree,
                                                   const DraftDocument& document) const {
    if (document.id <= 0 || document.choice == AttachmentChoice::searched) {
        return std::nullopt;
    }
    if (document.choice == AttachmentChoice::compressed && !full_text_wanted(tree, document.id)) {
        const storage::Representation* form = compressed_form(tree, document.id);
        return form == nullptr ? std::nullopt
                               : std::optional(DocumentText{document.id, document.name,
                                                            RepresentationForm::compressed, form->text});
    }
    auto whole = link_.store.document(document.id);
    if (!whole) {
        link_.report(whole.error());
        return std::nullopt;
    }
    return DocumentText{document.id, document.name, RepresentationForm::full, std::move(whole->text)};
}

void DocumentForms::refresh(ConversationTree& tree, MessageId message) const {
    const storage::Message* row = tree.find(message);
    const bool found = row != nullptr && found_in(row->context).has_value();
    const AttachedDocuments* known = &std::as_const(tree).documents(message);
    if (known->shown.empty() && known->read.empty() && known->complete && !found) {
        return;
    }
    AttachedDocuments& documents = tree.documents(message);
    documents.read.clear();
    documents.complete = true;
    for (const DraftDocument& one : documents.shown) {
        if (auto text = text_of(tree, one)) {
            documents.read.push_back(std::move(*text));
        } else if (message == kDraft) {
            documents.complete = false;  // what stands behind it is not read ahead
            break;
        } else if (one.choice != AttachmentChoice::searched) {
            documents.complete = false;
        }
    }
    if (found) {
        add_found(tree, message, documents);
    }
}

void DocumentForms::add_found(const ConversationTree& tree, MessageId message,
                              AttachedDocuments& documents) const {
    std::map<DocumentId, std::vector<prompt::Chunk>> chunks;
    const auto found = found_in(tree.find(message)->context).value_or(std::vector<FoundChunk>());
    for (const FoundChunk& one : found) {
        if (one.fresh && one.begin >= 0 && one.begin < one.end) {
            chunks[one.document].push_back(
                {static_cast<std::size_t>(one.begin), static_cast<std::size_t>(one.end)});
        }
    }
    for (auto& [id, places] : chunks) {
        const auto document = link_.store.document(id);
        if (!document) {
            continue;  // a damaged database
        }
        std::sort(places.begin(), places.end(),
                  [](const auto& a, const auto& b) { return a.begin < b.begin; });
        documents.read.push_back({id, document->name + " (parts of it)", RepresentationForm::full,
                                  prompt::excerpts(document->text, places)});
    }
}

}  // namespace tendril::app
