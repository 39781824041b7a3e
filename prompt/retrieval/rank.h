// SPDX-License-Identifier: Apache-2.0
// Which chunks of documents a question is answered with: rankings are fused, the best are taken as far as
// there is room, and they come in an order that does not depend on the ranking, so that the same chunks are
// the same prompt. Pure.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tendril::prompt {

struct ChunkName {
    std::int64_t document = 0;
    std::uint32_t chunk = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the comparison for a null pointer
    auto operator<=>(const ChunkName&) const = default;
};

/// A chunk with at least one of the question's words.
struct MatchedChunk {
    ChunkName name;
    double length = 0;                  ///< in any measure, the same for all
    std::vector<std::uint32_t> counts;  ///< how often it has each word; as many for each chunk
};
struct RankedChunk {
    ChunkName name;
    double score = 0;  ///< above 0
};

/// BM25 (Robertson, Walker 1994) with k1 = 1.2 and b = 0.75. How rare a word is counts among these chunks, of
/// which there are `chunks` with a length of `mean_length` in the mean; the logarithm's argument is above 1,
/// so that a word that most chunks of a small document have still counts for a little. Best first, equal ones
/// in the order of their names; at most `most`.
std::vector<RankedChunk> bm25(const std::vector<MatchedChunk>& matched, std::size_t chunks,
                              double mean_length, std::size_t most);

/// Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009): each ranking, best first, gives a chunk 1 / (60 +
/// its rank from 1). Best first; equal ones in the order of their names.
std::vector<ChunkName> fuse(const std::vector<std::vector<ChunkName>>& rankings);

/// How alike two texts are, by what an embedding model makes of them: -1 to 1; 0 when they do not compare.
double cosine(const std::vector<float>& a, const std::vector<float>& b);

struct SizedChunk {
    ChunkName name;
    std::size_t tokens = 0;
};

/// The first ones of `ranked` (best first) that fit into `budget` tokens together, one that does not fit left
/// out for smaller ones behind it; at least the best one, at most `most`. In the order of their names.
std::vector<ChunkName> choose(const std::vector<SizedChunk>& ranked, std::size_t budget, std::size_t most);

}  // namespace tendril::prompt
