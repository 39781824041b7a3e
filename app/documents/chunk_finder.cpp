// SPDX-License-Identifier: Apache-2.0
// See chunk_finder.h.
#include "app/documents/chunk_finder.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/documents/choice.h"
#include "app/documents/chunk_ranking.h"
#include "prompt/retrieval/rank.h"

namespace tendril::app {
namespace {

using prompt::ChunkName;

constexpr std::size_t kMostHits = 48;    // that are looked at
constexpr std::size_t kMostChunks = 12;  // that a message gets
/// Hits below this share of the best one's score have a common word or two.
constexpr double kLeastShare = 0.25;

/// The chunks of the documents that are searched, with the texts they are cut from.
class ChunkTexts {
  public:
    explicit ChunkTexts(storage::ChatStore& store) : store_(store) {}

    Status add(DocumentId id) {
        auto document = store_.document(id);
        auto chunks = store_.chunks(id);
        if (!document || !chunks) {
            return fail(document ? chunks.error() : document.error());
        }
        all_[id] = {std::move(document->text), std::move(*chunks)};
        return {};
    }
    const std::vector<storage::DocumentChunk>& chunks(DocumentId id) const { return all_.at(id).chunks; }
    const storage::DocumentChunk& chunk(const ChunkName& name) const {
        return all_.at(name.document).chunks.at(name.chunk);
    }
    std::string_view text(const ChunkName& name) const {
        const storage::DocumentChunk& at = chunk(name);
        const std::string_view text = all_.at(name.document).text;
        const auto begin = std::min(static_cast<std::size_t>(at.first_byte), text.size());
        return text.substr(begin, static_cast<std::size_t>(at.end_byte) - begin);
    }

  private:
    struct One {
        std::string text;
        std::vector<storage::DocumentChunk> chunks;
    };
    storage::ChatStore& store_;
    std::map<DocumentId, One> all_;
};

}  // namespace

Result<std::vector<ChunkName>> ChunkFinder::alike(const FindOrder& order) {
    std::vector<std::pair<double, ChunkName>> all;
    for (const DocumentId id : order.documents) {
        const auto vectors = link_.store.chunk_vectors(id, order.vector_model);
        if (!vectors) {
            return fail(vectors.error());
        }
        for (const storage::ChunkVector& one : *vectors) {
            all.emplace_back(-prompt::cosine(order.vector, one.vector), ChunkName{id, one.chunk});
        }
    }
    std::sort(all.begin(), all.end());
    std::vector<ChunkName> best;
    for (std::size_t i = 0; i < std::min(all.size(), kMostChunks); ++i) {
        best.push_back(all[i].second);
    }
    return best;
}

Result<std::vector<FoundChunk>> ChunkFinder::find(const FindOrder& order) {
    ChunkTexts texts(link_.store);
    for (const DocumentId id : order.documents) {
        if (const Status read = texts.add(id); !read) {
            return fail(read.error());
        }
    }
    const auto hits = rank_chunks(link_.store, order.documents, order.question, kMostHits);
    if (!hits) {
        return fail(hits.error());
    }
    std::vector<ChunkName> ranked;
    for (const prompt::RankedChunk& hit : *hits) {
        if (hit.score >= hits->front().score * kLeastShare) {
            ranked.push_back(hit.name);
        }
    }
    if (!order.vector.empty()) {
        const auto by_meaning = alike(order);
        if (!by_meaning) {
            return fail(by_meaning.error());
        }
        ranked = prompt::fuse({ranked, *by_meaning});
    }
    // "Summarise this" has no word of the document: it is begun from its beginning then. Where another one
    // has words of the question, the room is that one's.
    const std::size_t most = ranked.empty() ? kMostChunks : 1;
    for (const DocumentId id : order.attached) {
        const bool any =
            std::any_of(ranked.begin(), ranked.end(), [id](const auto& one) { return one.document == id; });
        for (std::uint32_t i = 0; !any && i < texts.chunks(id).size() && i < most; ++i) {
            ranked.push_back({id, i});
        }
    }
    std::vector<prompt::SizedChunk> sized;
    sized.reserve(ranked.size());
    for (const ChunkName& name : ranked) {
        sized.push_back({name, models_.composer().tokens_of(texts.text(name))});
    }
    std::vector<FoundChunk> found;
    for (const ChunkName& name : prompt::choose(sized, search_budget(models_.model().context), kMostChunks)) {
        const storage::DocumentChunk& at = texts.chunk(name);
        found.push_back({name.document, name.chunk, at.first_byte, at.end_byte,
                         !order.known.contains({name.document, name.chunk})});
    }
    return found;
}

}  // namespace tendril::app
