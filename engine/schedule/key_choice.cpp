// SPDX-License-Identifier: Apache-2.0
// Choosing keys.
#include "engine/schedule/key_choice.h"

#include <algorithm>
#include <numeric>

#include "engine/sample/random.h"

namespace tendril::engine {

std::vector<std::uint32_t> largest_of(std::span<const float> scores, std::size_t kept) {
    std::vector<std::uint32_t> places(scores.size());
    std::iota(places.begin(), places.end(), 0U);
    kept = std::min(kept, places.size());
    const auto end = places.begin() + static_cast<std::ptrdiff_t>(kept);
    std::nth_element(places.begin(), end, places.end(), [&](std::uint32_t a, std::uint32_t b) {
        return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
    });
    places.erase(end, places.end());
    std::sort(places.begin(), places.end());
    return places;
}

std::vector<float> smoothed(std::span<const float> scores) {
    std::vector<float> out(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const std::size_t begin = i < 2 ? 0 : i - 2;
        const std::size_t end = std::min(i + 3, scores.size());
        out[i] = std::accumulate(scores.begin() + static_cast<std::ptrdiff_t>(begin),
                                 scores.begin() + static_cast<std::ptrdiff_t>(end), 0.0F) /
                 static_cast<float>(end - begin);
    }
    return out;
}

std::vector<float> random_scores(std::size_t count, std::uint64_t seed) {
    std::vector<float> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<float>(uniform(seed, i));
    }
    return out;
}

}  // namespace tendril::engine
