// SPDX-License-Identifier: Apache-2.0
// Selective Context, and the same with a scorer that runs no model. Pure over a scorer; any thread.
#include <algorithm>

#include "prompt/compress/characters.h"
#include "prompt/compress/methods.h"
#include "prompt/compress/novelty.h"

namespace tendril::prompt::compression {
namespace {

constexpr float kGuarded = 12;                  ///< nats
constexpr float kCapital = 4;                   ///< nats
constexpr std::size_t kLongestSentence = 2000;  ///< bytes; longer ones are scored in parts

/// Of each unit, the mean nats per token of its clause.
std::vector<float> clause_means(std::span<const Unit> units, const UnitScores& scores) {
    std::vector<float> means(units.size());
    for (std::size_t first = 0; first < units.size();) {
        float nats = 0;
        float pieces = 0;
        std::size_t last = first;
        for (; last < units.size() && units[last].clause == units[first].clause; ++last) {
            nats += scores.nats[last];
            pieces += scores.pieces[last];
        }
        std::fill(means.begin() + static_cast<std::ptrdiff_t>(first),
                  means.begin() + static_cast<std::ptrdiff_t>(last), nats / std::max(pieces, 1.0F));
        first = last;
    }
    return means;
}

/// A number, a quotation or a name says little without its sentence: what stays anyhow, and words that begin
/// with a capital inside a sentence, count more for the sentence.
void add_anchors(std::string_view text, std::span<const Unit> units, std::vector<float>& news) {
    for (std::size_t i = 0; i < units.size(); ++i) {
        const bool opens = i == 0 || units[i - 1].sentence != units[i].sentence;
        if (units[i].guarded) {
            news[i] += kGuarded;
        } else if (!opens && is_capital(character_at(text, units[i].core).value)) {
            news[i] += kCapital;
        }
    }
}

}  // namespace

/// Words by their own nats, plus how much new their sentence says per token beside the others: what says
/// little goes first, sentence by sentence, and of what stays the common words.
Result<Weighed> weigh_by_frequency(const Work& work) {
    const KeptRange whole{0, work.text.size()};
    const auto pieces = score_alone(work, {&whole, 1}, 0, 1);
    if (!pieces) {
        return fail(pieces.error());
    }
    Weighed weighed;
    weighed.units = units_of(work.text, *pieces, work.guarded);
    const UnitScores scores = scores_of(weighed.units, *pieces);
    weighed.scores = scores.nats;
    std::vector<float> news = novelty_of(work.text, weighed.units, scores.nats);
    add_anchors(work.text, weighed.units, news);
    prefer_sentences(weighed, news, scores.pieces);
    return weighed;
}

/// The paper's phrases are clauses here: what stands between two commas stays or goes together.
Result<Weighed> weigh_selective(const Work& work) {
    std::vector<KeptRange> sentences;
    for (const KeptRange& sentence : sentences_of(work.text)) {
        if (sentence.end - sentence.begin <= kLongestSentence) {
            sentences.push_back(sentence);
        } else {
            for (KeptRange part : passages_of(work.text.substr(sentence.begin, sentence.end - sentence.begin),
                                              kLongestSentence)) {
                sentences.push_back({part.begin + sentence.begin, part.end + sentence.begin});
            }
        }
    }
    const auto pieces = score_alone(work, sentences, 0, 1);
    if (!pieces) {
        return fail(pieces.error());
    }
    Weighed weighed;
    weighed.units = units_of(work.text, *pieces, work.guarded);
    const UnitScores scores = scores_of(weighed.units, *pieces);
    weighed.scores = clause_means(weighed.units, scores);
    return weighed;
}

}  // namespace tendril::prompt::compression
