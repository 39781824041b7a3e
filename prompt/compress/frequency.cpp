// SPDX-License-Identifier: Apache-2.0
// The method that runs no model: whole sentences by what they say, then of the least of them the words that
// every text has. Pure over a scorer; any thread.
#include <algorithm>

#include "prompt/compress/characters.h"
#include "prompt/compress/methods.h"
#include "prompt/compress/novelty.h"

namespace tendril::prompt::compression {
namespace {

// Tried on documents of tests/bench/compress_documents.py and compress_reports.py, seeds 100 to 123; all in
// nats per token of a sentence. The choice is flat around them.
constexpr float kGuarded = 12;  ///< shared out over a sentence's tokens: a number, a negation, a quotation
constexpr float kCapital = 4;   ///< likewise: a word with a capital inside a sentence, so a name
constexpr float kHasGuarded = 0.5F;  ///< what stays anyhow says little without its sentence, even a long one
constexpr float kPeak = 0.1F;        ///< of the two newest words, which a long sentence's mean hides
constexpr float kCommon = 0.5F;      ///< how much less than its sentence a word counts that every text has
constexpr float kCommonNats = 8.2F;  ///< "the", "of": about the 300th piece of a vocabulary
constexpr float kRareNats = 10.1F;   ///< no longer a common word: about the 2000th

struct Sentence {
    float nats = 0;
    float pieces = 0;
    float newest[2] = {0, 0};
    std::uint32_t guarded = 0;
    std::uint32_t capitals = 0;

    void add(float news, float count) {
        nats += news;
        pieces += count;
        newest[1] = std::max(newest[1], std::min(newest[0], news));
        newest[0] = std::max(newest[0], news);
    }
    /// What it says, per token.
    float value() const {
        const auto anchors = kGuarded * static_cast<float>(guarded) + kCapital * static_cast<float>(capitals);
        return (nats + anchors) / std::max(pieces, 1.0F) + (guarded > 0 ? kHasGuarded : 0) +
               kPeak * (newest[0] + newest[1]) / 2;
    }
};

std::vector<Sentence> sentences_in(std::string_view text, std::span<const Unit> units,
                                   std::span<const float> news, std::span<const float> pieces) {
    std::vector<Sentence> sentences;
    for (std::size_t i = 0; i < units.size(); ++i) {
        const bool opens = i == 0 || units[i - 1].sentence != units[i].sentence;
        sentences.resize(std::max<std::size_t>(sentences.size(), units[i].sentence + 1));
        Sentence& sentence = sentences[units[i].sentence];
        sentence.add(news[i], pieces[i]);
        if (units[i].guarded) {
            ++sentence.guarded;
        } else if (!opens && is_capital(character_at(text, units[i].core).value)) {
            ++sentence.capitals;
        }
    }
    return sentences;
}

/// Pieces with a letter or a digit: a comma does not make a word rare.
std::vector<ScoredPiece> lettered(std::string_view text, std::span<const ScoredPiece> pieces) {
    std::vector<ScoredPiece> found;
    std::copy_if(pieces.begin(), pieces.end(), std::back_inserter(found), [text](const ScoredPiece& piece) {
        const std::string_view bytes = text.substr(piece.begin, piece.end - piece.begin);
        return std::any_of(bytes.begin(), bytes.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   (static_cast<unsigned char>(c) & 0x80U) != 0;
        });
    });
    return found;
}

}  // namespace

/// A unit counts as its sentence does, a common word a little less: so a text loses sentences whole, those
/// that are about to go lose their common words first, and what stays keeps its grammar.
Result<Weighed> weigh_by_frequency(const Work& work) {
    const KeptRange whole{0, work.text.size()};
    const auto pieces = score_alone(work, {&whole, 1}, 0, 1);
    if (!pieces) {
        return fail(pieces.error());
    }
    Weighed weighed;
    weighed.units = units_of(work.text, *pieces, work.guarded);
    const UnitScores scores = scores_of(weighed.units, *pieces);
    const std::vector<float> rarity = scores_of(weighed.units, lettered(work.text, *pieces)).nats;
    const std::vector<float> news = novelty_of(work.text, weighed.units, scores.nats);
    const auto sentences = sentences_in(work.text, weighed.units, news, scores.pieces);
    for (std::size_t i = 0; i < weighed.units.size(); ++i) {
        const float common = std::clamp((kRareNats - rarity[i]) / (kRareNats - kCommonNats), 0.0F, 1.0F);
        constexpr float kTie = 1e-3F;  // of one sentence's words the rarer ones first
        weighed.scores.push_back(sentences[weighed.units[i].sentence].value() - kCommon * common +
                                 kTie * rarity[i]);
    }
    return weighed;
}

}  // namespace tendril::prompt::compression
