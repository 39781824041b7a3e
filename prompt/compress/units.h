// SPDX-License-Identifier: Apache-2.0
// A text as a row of units that stay or go whole, and the sentences and paragraphs that they form. No
// language's dictionary: blanks part words; scripts without blanks are parted where the scorer's tokens end.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "prompt/compress/compress.h"

namespace tendril::prompt::compression {

struct Unit {
    std::size_t begin = 0;  ///< where the blanks in front of it begin
    std::size_t core = 0;   ///< its first character that is no blank
    std::size_t end = 0;
    std::uint32_t sentence = 0;
    std::uint32_t part = 0;       ///< as the sentence, but endless ones are parted at commas
    std::uint32_t clause = 0;     ///< counted through the text; changes at commas, dashes and brackets
    std::uint32_t paragraph = 0;  ///< changes at empty lines
    bool guarded = false;         ///< overlaps a protected span, or little else is in its sentence
    bool stop = false;            ///< ends a sentence; stays when something of the sentence does
    bool lead = false;            ///< begins a line (leads.h); stays when something of what it leads does
    bool wide = false;            ///< of a script without blanks
};

/// The spans of sentences, in order, without the blanks around them.
std::vector<KeptRange> sentences_of(std::string_view text);

/// Units in order; each byte but blanks at the very end is in one. `pieces` may be empty (characters of
/// scripts without blanks are units then); `guarded` as protected_spans() gives them.
std::vector<Unit> units_of(std::string_view text, std::span<const ScoredPiece> pieces,
                           std::span<const KeptRange> guarded);

/// "-", "3.", "1.2" in front of a sentence: says where in a list it stands, and nothing else.
bool is_list_mark(std::string_view word);

/// Nats of each unit: a piece counts where its bytes are. The second list: how many pieces a unit is.
struct UnitScores {
    std::vector<float> nats;
    std::vector<float> pieces;
};
UnitScores scores_of(std::span<const Unit> units, std::span<const ScoredPiece> pieces);

}  // namespace tendril::prompt::compression
