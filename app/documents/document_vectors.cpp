// SPDX-License-Identifier: Apache-2.0
// DocumentDesk: vectors of searched documents and of questions, where an embedding model is chosen. What is
// not there in time is done without.
#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/documents/document_desk.h"

namespace tendril::app {
namespace {

constexpr std::size_t kVectorsAtOnce = 32;             ///< that are stored together
constexpr auto kVectorWait = std::chrono::seconds(3);  ///< of a person, the load of the model with it

}  // namespace

std::optional<Clock::time_point> DocumentDesk::due() const {
    std::optional<Clock::time_point> first;
    for (const Preparing& one : preparing_) {
        if (one.vector_job != 0 && (!first || one.vector_until < *first)) {
            first = one.vector_until;
        }
    }
    return first;
}

void DocumentDesk::tick(Clock::time_point now) {
    const auto late = std::find_if(preparing_.begin(), preparing_.end(), [now](const Preparing& one) {
        return one.vector_job != 0 && one.vector_until <= now;
    });
    if (late != preparing_.end()) {
        link_.log->info("message {}: its vector is late", late->question);
        embedder->cancel(std::exchange(late->vector_job, 0));
        step(late);
    }
}

void DocumentDesk::work() {
    const Tree tree = shown_.lock();
    const std::string model = tree && embedder != nullptr ? embedder->model() : std::string();
    if (model.empty()) {
        return;
    }
    if (model != embedded_by_) {
        embedded_by_ = model;
        embedded_.clear();
    }
    const auto consider = [this, &tree](MessageId message) {
        for (const DraftDocument& one : std::as_const(*tree).documents(message).shown) {
            if (one.id > 0 && one.choice == storage::AttachmentChoice::searched &&
                !embedded_.contains(one.id) && !index_failed_.contains(one.id) && index(tree, one.id)) {
                embedded_.insert(one.id);
                embed(tree, one.id);
            }
        }
    };
    consider(kDraft);
    for (const storage::Message* message : tree->all()) {
        consider(message->id);
    }
}

/// A document whose vectors are made, a few chunks after the other.
struct DocumentDesk::Embedding {
    std::weak_ptr<ConversationTree> tree;
    DocumentId id = 0;
    std::string model;
    std::string text;
    std::vector<storage::DocumentChunk> left;  // in reverse order
};

/// Tried once while the settings name this model; what is there is kept.
void DocumentDesk::embed(const Tree& tree, DocumentId id) {
    auto chunks = link_.store.chunks(id);
    const auto known = link_.store.chunks_with_vector(id, embedded_by_);
    if (!chunks || !known || known->size() == chunks->size()) {
        return;  // a failure is told where the document is searched
    }
    auto document = link_.store.document(id);
    if (!document) {
        return;
    }
    std::erase_if(*chunks, [&](const storage::DocumentChunk& one) {
        return std::binary_search(known->begin(), known->end(), one.chunk);
    });
    std::reverse(chunks->begin(), chunks->end());
    embed_next(std::make_shared<Embedding>(
        Embedding{tree, id, embedded_by_, std::move(document->text), std::move(*chunks)}));
}

void DocumentDesk::embed_next(const std::shared_ptr<Embedding>& embedding) {
    std::vector<std::string> texts;
    std::vector<std::uint32_t> chunks;
    while (!embedding->left.empty() && texts.size() < kVectorsAtOnce) {
        const storage::DocumentChunk& one = embedding->left.back();
        const auto begin = std::min(static_cast<std::size_t>(one.first_byte), embedding->text.size());
        texts.push_back(embedding->text.substr(begin, static_cast<std::size_t>(one.end_byte) - begin));
        chunks.push_back(one.chunk);
        embedding->left.pop_back();
    }
    embedder->start(std::move(texts), Embedder::When::idle,
                    [this, embedding, chunks = std::move(chunks)](Result<Embedder::Vectors> made) {
                        keep_vectors(embedding, chunks, std::move(made));
                    });
}

/// Goes on as long as anybody may search the document with this model.
void DocumentDesk::keep_vectors(const std::shared_ptr<Embedding>& embedding,
                                const std::vector<std::uint32_t>& chunks, Result<Embedder::Vectors> made) {
    const DocumentId id = embedding->id;
    if (!made || !embedded_.contains(id)) {
        return;
    }
    std::vector<storage::ChunkVector> rows;
    for (std::size_t i = 0; i < made->size(); ++i) {
        rows.push_back({chunks[i], std::move((*made)[i])});
    }
    const Status kept = link_.store.set_chunk_vectors(id, embedding->model, rows);
    if (!kept || embedding->left.empty()) {
        link_.log->info("document {}: its vectors are made{}", id,
                        kept ? "" : ", but not kept: " + kept.error().detail);
        return;
    }
    const Tree tree = embedding->tree.lock();
    bool searched = false;
    if (tree) {
        each_place(*tree, id, [&](MessageId, DraftDocument& one) {
            searched = searched || one.choice == storage::AttachmentChoice::searched;
        });
    }
    if (searched && embedder->model() == embedding->model) {
        embed_next(embedding);
    } else {
        embedded_.erase(id);  // the rest is made when it is searched again
    }
}

/// False: the search need not wait.
bool DocumentDesk::waits_for_vector(std::list<Preparing>::iterator preparing, const FindOrder& order) {
    const std::string model = embedder == nullptr ? std::string() : embedder->model();
    if (std::exchange(preparing->vector_asked, true)) {
        return preparing->vector_job != 0;
    }
    const bool all =
        !model.empty() && std::all_of(order.documents.begin(), order.documents.end(), [&](DocumentId id) {
            const auto chunks = link_.store.chunks(id);
            const auto vectors = link_.store.chunks_with_vector(id, model);
            return chunks && vectors && !chunks->empty() && chunks->size() == vectors->size();
        });
    if (!all) {
        return false;
    }
    preparing->vector_model = model;
    preparing->vector_until = Clock::now() + kVectorWait;
    preparing->vector_job = embedder->start(
        {order.question}, Embedder::When::now,
        [this, question = preparing->question](Result<Embedder::Vectors> made) {
            const auto waiting = std::find_if(
                preparing_.begin(), preparing_.end(),
                [question](const Preparing& one) { return one.question == question && one.vector_job != 0; });
            if (waiting != preparing_.end()) {
                waiting->vector_job = 0;
                waiting->vector = made ? std::move(made->front()) : std::vector<float>();
                step(waiting);
            }
        });
    return true;
}

}  // namespace tendril::app
