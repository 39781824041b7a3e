// SPDX-License-Identifier: Apache-2.0
// See rank.h.
#include "prompt/retrieval/rank.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace tendril::prompt {

std::vector<RankedChunk> bm25(const std::vector<MatchedChunk>& matched, std::size_t chunks,
                              double mean_length, std::size_t most) {
    constexpr double kSaturation = 1.2;
    constexpr double kLength = 0.75;
    std::vector<double> having;
    for (const MatchedChunk& one : matched) {
        having.resize(std::max(having.size(), one.counts.size()));
        for (std::size_t i = 0; i < one.counts.size(); ++i) {
            having[i] += one.counts[i] > 0 ? 1 : 0;
        }
    }
    const auto rarity = [&](std::size_t word) {
        const double without = std::max(0.0, static_cast<double>(chunks) - having[word]);
        return std::log(1 + (without + 0.5) / (having[word] + 0.5));
    };
    std::vector<RankedChunk> ranked;
    ranked.reserve(matched.size());
    for (const MatchedChunk& one : matched) {
        const double relative = mean_length > 0 ? one.length / mean_length : 1;
        double score = 0;
        for (std::size_t i = 0; i < one.counts.size(); ++i) {
            const double count = one.counts[i];
            score += rarity(i) * count * (kSaturation + 1) /
                     (count + kSaturation * (1 - kLength + kLength * relative));
        }
        ranked.push_back({one.name, score});
    }
    std::sort(ranked.begin(), ranked.end(), [](const RankedChunk& a, const RankedChunk& b) {
        return a.score != b.score ? a.score > b.score : a.name < b.name;
    });
    ranked.resize(std::min(ranked.size(), most));
    return ranked;
}

std::vector<ChunkName> fuse(const std::vector<std::vector<ChunkName>>& rankings) {
    constexpr double kFlatness = 60;
    std::map<ChunkName, double> scores;
    for (const auto& ranking : rankings) {
        for (std::size_t i = 0; i < ranking.size(); ++i) {
            scores[ranking[i]] += 1 / (kFlatness + static_cast<double>(i + 1));
        }
    }
    std::vector<std::pair<ChunkName, double>> sorted(scores.begin(), scores.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::vector<ChunkName> names;
    for (const auto& [name, score] : sorted) {
        names.push_back(name);
    }
    return names;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size()) {
        return 0;
    }
    double dot = 0;
    double of_a = 0;
    double of_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        dot += static_cast<double>(a[i]) * b[i];
        of_a += static_cast<double>(a[i]) * a[i];
        of_b += static_cast<double>(b[i]) * b[i];
    }
    const double length = std::sqrt(of_a * of_b);
    return length > 0 && std::isfinite(dot / length) ? dot / length : 0;
}

std::vector<ChunkName> choose(const std::vector<SizedChunk>& ranked, std::size_t budget, std::size_t most) {
    std::vector<ChunkName> chosen;
    std::size_t used = 0;
    for (const SizedChunk& one : ranked) {
        if (chosen.size() >= most) {
            break;
        }
        if (chosen.empty() || used + one.tokens <= budget) {
            chosen.push_back(one.name);
            used += one.tokens;
        }
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

}  // namespace tendril::prompt
