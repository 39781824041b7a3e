// SPDX-License-Identifier: Apache-2.0
// A stable sort that stays in bounds whatever the comparison says (NaN compares in no order), and that may be
// left by an exception. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace tendril::prompt::jinja {

/// The indices 0..count-1 in the order that `less(a, b)` gives them: merges runs of growing length.
template <typename Less>
std::vector<std::size_t> stable_order(std::size_t count, Less less) {
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) {
        order[i] = i;
    }
    std::vector<std::size_t> merged(count);
    for (std::size_t run = 1; run < count; run *= 2) {
        for (std::size_t start = 0; start < count; start += 2 * run) {
            const std::size_t middle = std::min(start + run, count);
            const std::size_t end = std::min(start + 2 * run, count);
            std::size_t left = start;
            std::size_t right = middle;
            for (std::size_t at = start; at < end; ++at) {
                const bool take_right = left == middle || (right < end && less(order[right], order[left]));
                merged[at] = order[take_right ? right++ : left++];
            }
        }
        std::swap(order, merged);
    }
    return order;
}

}  // namespace tendril::prompt::jinja
