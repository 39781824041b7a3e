// SPDX-License-Identifier: Apache-2.0
// Cuts a document into the stretches that are searched: along headings, paragraphs, code blocks and
// sentences, never inside a character. Pure; the same text gives the same chunks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::prompt {

struct Chunk {
    std::size_t begin = 0, end = 0;  ///< bytes of the document
    bool operator==(const Chunk&) const = default;
};

/// Bytes, not tokens: a token is about four bytes of English and three of Chinese, so that chunks of any
/// language come out alike.
struct ChunkSettings {
    std::size_t target = 1000;  ///< a chunk takes paragraphs as long as it stays below
    std::size_t most =
        1600;  ///< a longer paragraph or code block is cut, at a line or sentence if there is one
    std::size_t overlap =
        160;  ///< what a chunk that begins inside a paragraph repeats of the chunk before, at most
};

/// Ascending, neither blank nor longer than `most`; all of the text but blanks is in one. `text` is UTF-8.
std::vector<Chunk> split_chunks(std::string_view text, const ChunkSettings& settings = {});

/// Chunks (ascending) as one text: those that touch or overlap are joined, "[…]" stands where something is
/// left out between two.
std::string excerpts(std::string_view text, const std::vector<Chunk>& chunks);

}  // namespace tendril::prompt
