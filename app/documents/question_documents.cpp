// SPDX-License-Identifier: Apache-2.0
// DocumentDesk: what is made of documents before a question is answered.
#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/documents/document_desk.h"
#include "prompt/retrieval/passage.h"
#include "prompt/retrieval/words.h"

namespace tendril::app {
namespace {

using storage::AttachmentChoice;
using storage::Message;

/// Whether the model still reads what was found for an earlier message of the branch.
bool still_read(const ConversationTree& tree, const Message& message) {
    const Message* answer = tree.newest_answer();
    const bool out = answer != nullptr && std::find(answer->left_out.begin(), answer->left_out.end(),
                                                    message.id) != answer->left_out.end();
    const auto& shorts = tree.representations();
    return !out && std::none_of(shorts.begin(), shorts.end(), [&](const storage::Representation& one) {
        return one.last_message && !one.undone && *one.last_message >= message.id;
    });
}

}  // namespace

void DocumentDesk::prepare(const Tree& tree, MessageId question, std::function<void(const Status&)> done) {
    Preparing& one = preparing_.emplace_back();
    one.tree = tree;
    one.question = question;
    one.done = std::move(done);
    step(std::prev(preparing_.end()));
}

void DocumentDesk::cancel(MessageId question) {
    Tree tree;
    preparing_.remove_if([&](const Preparing& one) {
        if (one.question == question && one.vector_job != 0) {
            embedder->cancel(one.vector_job);
        }
        tree = one.question == question ? one.tree : tree;
        return one.question == question;
    });
    if (!tree) {
        return;
    }
    for (const DraftDocument& one : std::as_const(*tree).documents(question).shown) {
        stop_compressing(one.id);
    }
}

void DocumentDesk::finish(std::list<Preparing>::iterator preparing, const Status& status) {
    const Preparing one = std::move(*preparing);
    preparing_.erase(preparing);
    forms_.refresh(*one.tree, one.question);
    if (!std::as_const(*one.tree).documents(one.question).shown.empty()) {
        tell_message(*one.tree, one.question);
    }
    one.done(status);
}

void DocumentDesk::step(std::list<Preparing>::iterator preparing) {
    const auto compressed = compress_for(preparing->tree, preparing->question);
    if (!compressed) {
        tell_message(*preparing->tree, preparing->question);
        return;
    }
    if (!*compressed) {
        finish(preparing, *compressed);
        return;
    }
    const Message* row = preparing->tree->find(preparing->question);
    if (row == nullptr || found_in(row->context)) {
        finish(preparing, {});  // chosen once, the same for ever after
        return;
    }
    FindOrder order = order_of(*preparing->tree, preparing->question);
    if (order.documents.empty()) {
        finish(preparing, {});
    } else if (!indexed_for(preparing->tree, order)) {
        tell_message(*preparing->tree, preparing->question);
    } else if (!waits_for_vector(preparing, order)) {
        order.vector = preparing->vector;
        order.vector_model = preparing->vector_model;
        finish(preparing, search_for(*preparing->tree, preparing->question, order));
    }
}

FindOrder DocumentDesk::order_of(const ConversationTree& tree, MessageId question) {
    FindOrder order;
    order.question = tree.find(question)->text;
    for (const Message* message : tree.branch_to(question)) {
        for (const DraftDocument& one : std::as_const(tree).documents(message->id).shown) {
            const bool known =
                std::find(order.documents.begin(), order.documents.end(), one.id) != order.documents.end();
            if (one.choice == AttachmentChoice::searched && !known) {
                order.documents.push_back(one.id);
            }
            if (one.choice == AttachmentChoice::searched && message->id == question) {
                order.attached.push_back(one.id);
            }
        }
        const auto found = message->id == question || !still_read(tree, *message)
                               ? std::nullopt
                               : found_in(message->context);
        for (const FoundChunk& one : found.value_or(std::vector<FoundChunk>())) {
            if (one.fresh) {
                order.known.insert({one.document, one.chunk});
            }
        }
    }
    return order;
}

Status DocumentDesk::search_for(ConversationTree& tree, MessageId question, const FindOrder& order) {
    Message* row = tree.find(question);
    const auto found = finder_.find(order);
    if (!found) {
        return fail(found.error());
    }
    const std::string context = with_found(row->context, *found);
    if (Status saved = link_.store.set_context(question, context); !saved) {
        return saved;
    }
    row->context = context;
    link_.log->info("message {}: {} places of {} documents", question, found->size(), order.documents.size());
    return {};
}

std::vector<Source> DocumentDesk::sources(const ConversationTree& tree, MessageId question) {
    const Message* row = tree.find(question);
    std::vector<Source> sources;
    const auto phrases = row == nullptr ? std::vector<std::string>() : prompt::query_phrases(row->text);
    const auto found = row == nullptr ? std::nullopt : found_in(row->context);
    storage::Document document;
    for (const FoundChunk& one : found.value_or(std::vector<FoundChunk>())) {
        if (document.id != one.document) {
            auto read = link_.store.document(one.document);
            if (!read) {
                continue;
            }
            document = std::move(*read);
        }
        const auto begin =
            std::min(static_cast<std::size_t>(std::max<std::int64_t>(one.begin, 0)), document.text.size());
        const auto length = static_cast<std::size_t>(std::max<std::int64_t>(one.end - one.begin, 0));
        const std::string_view place = std::string_view(document.text).substr(begin, length);
        sources.push_back({one.document, document.name, one.chunk, std::string(place),
                           std::string(prompt::best_passage(place, phrases))});
    }
    return sources;
}

}  // namespace tendril::app
