// SPDX-License-Identifier: Apache-2.0
// Selective Context. Pure over a scorer; any thread.
#include <algorithm>

#include "prompt/compress/methods.h"

namespace tendril::prompt::compression {
namespace {

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

}  // namespace

/// The paper's phrases are clauses here: what stands between two commas stays or goes together. The paper
/// scores each sentence alone; passages are scored here, so that what a model finds surprising when it reads
/// the text in a prompt anyway is nearly the same number and can stand for it.
Result<Weighed> weigh_selective(const Work& work) {
    const auto pieces = score_passages(work, 0, 1);
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
