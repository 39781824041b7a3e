// SPDX-License-Identifier: Apache-2.0
// Selective Context, and the same with a scorer that runs no model. Pure over a scorer; any thread.
#include <algorithm>

#include "prompt/compress/methods.h"

namespace tendril::prompt::compression {
namespace {

constexpr std::size_t kLongestSentence = 2000;  ///< bytes; longer ones are scored in parts

}  // namespace

/// A unit that is a word stays or goes by the self-information that it carries.
Result<Weighed> weigh_by_frequency(const Work& work) {
    const KeptRange whole{0, work.text.size()};
    const auto pieces = score_alone(work, {&whole, 1}, 0, 1);
    if (!pieces) {
        return fail(pieces.error());
    }
    Weighed weighed;
    weighed.units = units_of(work.text, *pieces, work.guarded);
    weighed.scores = scores_of(weighed.units, *pieces).nats;
    return weighed;
}

/// Mean self-information per token of the units of a phrase; the phrase stays or goes as a whole.
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
    weighed.scores.resize(weighed.units.size());
    for (std::size_t i = 0; i < weighed.units.size(); ++i) {
        weighed.scores[i] = scores.nats[i];
    }
    return weighed;
}

}  // namespace tendril::prompt::compression
