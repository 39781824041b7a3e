// SPDX-License-Identifier: Apache-2.0
// DocumentDesk: vectors of searched documents and of questions, where an embedding model is chosen. What is
// not there in time is done without.
#include <algorithm>
#include <utility>

#include <spdlog/logger.h>

#include "app/documents/document_desk.h"

namespace tendril::app {
namespace {

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
                embedded_.insert(one.id).second) {
                embed(one.id);
            }
        }
    };
    consider(kDraft);
    for (const storage::Message* message : tree->all()) {
        consider(message->id);
    }
}

/// Tried once while the settings name this model; what is there is kept.
void DocumentDesk::embed(DocumentId id) {
    const Status indexed = finder_.index(id);
    const auto chunks = indexed ? link_.store.chunks(id) : fail(indexed.error());
    const auto document = link_.store.document(id);
    const auto known = link_.store.chunk_vectors(id, embedded_by_);
    if (!chunks || !document || !known || known->size() == chunks->size()) {
        return;  // a failure is told where the document is searched
    }
    std::vector<std::string> texts;
    for (const storage::DocumentChunk& one : *chunks) {
        const auto begin = std::min(static_cast<std::size_t>(one.first_byte), document->text.size());
        texts.push_back(document->text.substr(begin, static_cast<std::size_t>(one.end_byte) - begin));
    }
    embedder->start(std::move(texts), Embedder::When::idle,
                    [this, id, model = embedded_by_](Result<Embedder::Vectors> made) {
                        if (!made) {
                            return;
                        }
                        std::vector<storage::ChunkVector> rows;
                        for (auto& vector : *made) {
                            rows.push_back({static_cast<std::uint32_t>(rows.size()), std::move(vector)});
                        }
                        const Status kept = link_.store.set_chunk_vectors(id, model, rows);
                        link_.log->info("document {}: {} vectors{}", id, rows.size(),
                                        kept ? "" : " not kept: " + kept.error().detail);
                    });
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
            const auto vectors = link_.store.chunk_vectors(id, model);
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
