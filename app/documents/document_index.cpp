// SPDX-License-Identifier: Apache-2.0
// DocumentDesk: the chunks of documents that are searched, made from the moment that this is chosen.
#include <algorithm>
#include <utility>
#include <vector>

#include <spdlog/logger.h>

#include "app/documents/document_desk.h"

namespace tendril::app {
namespace {

using storage::AttachmentChoice;

}  // namespace

/// True: it is there. False: it is being made.
bool DocumentDesk::index(const Tree& tree, DocumentId id) {
    if (indexer_.complete(id)) {
        return true;
    }
    if (indexing_.emplace(id, tree).second) {
        index_failed_.erase(id);
        index_progress(id, 0);
        indexer_.start(id);
    }
    return false;
}

/// While the question is typed. What could not be written is tried again when a question needs it.
void DocumentDesk::index_draft(const Tree& tree) {
    for (const DraftDocument& one : std::as_const(*tree).documents(kDraft).shown) {
        if (one.id > 0 && one.choice == AttachmentChoice::searched && !index_failed_.contains(one.id)) {
            index(tree, one.id);
        }
    }
}

bool DocumentDesk::indexed_for(const Tree& tree, const FindOrder& order) {
    bool all = true;
    for (const DocumentId id : order.documents) {
        all = index(tree, id) && all;
    }
    return all;
}

void DocumentDesk::index_progress(DocumentId id, double share) {
    const Tree tree = indexing_.at(id);
    bool drafted = false;
    each_place(*tree, id, [&](MessageId place, DraftDocument& one) {
        if (one.choice == AttachmentChoice::searched) {
            one.progress = share;
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

void DocumentDesk::index_ended(DocumentId id, const Status& status) {
    index_progress(id, 1);
    indexing_.erase(id);
    if (status) {
        step_all();
        return;
    }
    link_.log->warn("document {} not indexed: {} ({})", id, status.error().message, status.error().detail);
    index_failed_.insert(id);
    const auto needs = [id](const Preparing& one) {
        const FindOrder order = order_of(*one.tree, one.question);
        return std::find(order.documents.begin(), order.documents.end(), id) != order.documents.end();
    };
    for (auto one = preparing_.begin(); one != preparing_.end();) {
        const auto next = std::next(one);
        if (needs(*one)) {
            finish(one, status);
        }
        one = next;
    }
}

/// The document is not the draft's any more, and perhaps gone.
void DocumentDesk::stop_indexing(DocumentId id) {
    indexer_.stop(id);
    indexing_.erase(id);
    embedded_.erase(id);
}

}  // namespace tendril::app
