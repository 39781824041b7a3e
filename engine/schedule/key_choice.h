// SPDX-License-Identifier: Apache-2.0
// Which keys of a layer and head are kept. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tendril::engine {

/// Places of the `kept` largest scores, ascending; of equal ones the first.
std::vector<std::uint32_t> largest_of(std::span<const float> scores, std::size_t kept);
/// Means of five neighbours, fewer at the ends, as SnapKV takes them (arXiv 2404.14469).
std::vector<float> smoothed(std::span<const float> scores);
/// Numbers in no order that depends on the scores; the same for a seed.
std::vector<float> random_scores(std::size_t count, std::uint64_t seed);

}  // namespace tendril::engine
