// SPDX-License-Identifier: Apache-2.0
// What the methods share: scoring in batches, passages, ranks. Pure; any thread.
#include <algorithm>
#include <numeric>

#include "prompt/compress/characters.h"
#include "prompt/compress/methods.h"
#include "prompt/compress/selection.h"

namespace tendril::prompt::compression {
namespace {

constexpr float kSentence = 12;            ///< how much a sentence counts beside a word; tried on both models
constexpr std::size_t kBatchBytes = 4096;  ///< about as long as one can be asked to wait for an end

/// Where a stretch that is too long ends: behind its last blank, else behind a whole character.
std::size_t cut_of(std::string_view text, std::size_t begin, std::size_t end) {
    const std::size_t blank = text.substr(begin, end - begin).find_last_of(" \t\n");
    if (blank != std::string_view::npos && blank > 0) {
        return begin + blank;
    }
    while (end > begin + 1 && !is_boundary(text, end)) {
        --end;
    }
    return end;
}

}  // namespace

Result<std::vector<ScoredPiece>> score_alone(const Work& work, std::span<const KeptRange> spans, double from,
                                             double to) {
    std::vector<ScoredPiece> pieces;
    for (std::size_t first = 0; first < spans.size();) {
        if (work.stopped()) {
            return fail(stopped());
        }
        std::vector<ScoreJob> jobs;
        std::size_t bytes = 0;
        std::size_t last = first;
        for (; last < spans.size() && (last == first || bytes < kBatchBytes); ++last) {
            jobs.push_back(
                {{}, std::string(work.text.substr(spans[last].begin, spans[last].end - spans[last].begin))});
            bytes += jobs.back().text.size();
        }
        const auto scored = work.scorer.score(jobs);
        if (!scored) {
            return fail(work.stopped() ? stopped() : scored.error());
        }
        for (std::size_t i = 0; i < std::min(scored->size(), jobs.size()); ++i) {
            for (ScoredPiece piece : (*scored)[i]) {
                piece.begin += spans[first + i].begin;
                piece.end += spans[first + i].begin;
                pieces.push_back(piece);
            }
        }
        first = last;
        work.tell(from + (to - from) * static_cast<double>(last) / static_cast<double>(spans.size()));
    }
    return pieces;
}

Result<std::vector<ScoredPiece>> score_passages(const Work& work, double from, double to) {
    const KeptRange whole{0, work.text.size()};
    const auto& parts = work.settings.parts;
    std::vector<KeptRange> passages;
    for (const KeptRange& part : parts.empty() ? std::span(&whole, 1) : std::span(parts)) {
        const std::size_t begin = std::min(part.begin, work.text.size());
        const std::size_t end = std::clamp(part.end, begin, work.text.size());
        for (const KeptRange& one : scored_passages(work.text.substr(begin, end - begin))) {
            passages.push_back({begin + one.begin, begin + one.end});
        }
    }
    return score_alone(work, passages, from, to);
}

std::vector<KeptRange> passages_of(std::string_view text, std::size_t bytes) {
    std::vector<KeptRange> passages;
    for (KeptRange sentence : sentences_of(text)) {
        while (sentence.end - sentence.begin > bytes) {
            const std::size_t cut = cut_of(text, sentence.begin, sentence.begin + bytes);
            passages.push_back({sentence.begin, cut});
            sentence.begin = cut;
        }
        if (!passages.empty() && sentence.end - passages.back().begin <= bytes) {
            passages.back().end = sentence.end;
        } else {
            passages.push_back(sentence);
        }
    }
    return passages;
}

void prefer_sentences(Weighed& weighed, std::span<const float> nats, std::span<const float> pieces) {
    std::vector<float> said;    // nats of each sentence
    std::vector<float> tokens;  // of each sentence
    float all_said = 0;
    float all_tokens = 0;
    for (std::size_t i = 0; i < weighed.units.size(); ++i) {
        const std::size_t sentence = weighed.units[i].sentence;
        said.resize(std::max(said.size(), sentence + 1));
        tokens.resize(said.size());
        said[sentence] += nats[i];
        tokens[sentence] += pieces[i];
        all_said += nats[i];
        all_tokens += pieces[i];
    }
    const float usual = all_said / std::max(all_tokens, 1.0F);
    for (std::size_t i = 0; i < weighed.units.size(); ++i) {
        const std::uint32_t sentence = weighed.units[i].sentence;
        weighed.scores[i] += kSentence * (said[sentence] / std::max(tokens[sentence], 1.0F) - usual);
    }
}

std::vector<float> ranks_of(std::span<const float> scores, std::span<const float> weights) {
    std::vector<std::uint32_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return scores[a] < scores[b]; });
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<float> ranks(scores.size());
    double below = 0;
    for (const std::uint32_t i : order) {
        ranks[i] = static_cast<float>(total > 0 ? below / total : 0);
        below += static_cast<double>(weights[i]);
    }
    return ranks;
}

}  // namespace tendril::prompt::compression

namespace tendril::prompt {

std::vector<KeptRange> scored_passages(std::string_view text) {
    return compression::passages_of(text, compression::kPassage);
}

bool scores_passages(Method method, double rate) {
    return method == Method::selective ||
           (method == Method::llmlingua && rate * compression::kContextBudget < 1);
}

}  // namespace tendril::prompt
