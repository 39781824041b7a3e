// SPDX-License-Identifier: Apache-2.0
// A field of Python's format mini-language, shared by format(), % and str.format(). Charges what it builds;
// one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "prompt/jinja/heap.h"

namespace tendril::prompt::jinja {

inline constexpr int kLargestPrecision = 400;  // more digits than any double has
inline constexpr std::int64_t kLargestWidth = 1 << 24;

struct Spec {
    std::string fill = " ";
    char align = 0;
    char sign = '-';
    bool signed_by_hand = false;
    bool alternate = false;
    bool zero = false;
    bool aligned_by_zero = false;
    char grouping = 0;
    std::int64_t width = 0;
    int precision = -1;
    char type = 0;
};

/// A number at `i` of the specification, behind which `i` is moved; -1 when there is none.
std::int64_t read_number(std::string_view text, std::size_t& i);
/// `text` in its field; a number's sign and prefix stand before the padding of '='. `otherwise` aligns when
/// the field does not say how.
std::string padded(Heap& heap, const Spec& spec, std::string_view prefix, std::string_view text,
                   char otherwise);
std::string format_whole(Heap& heap, std::int64_t value, const Spec& spec);
std::string format_real(Heap& heap, double value, const Spec& spec);
std::string_view first_code_points(std::string_view text, int count);  ///< all when count is negative

}  // namespace tendril::prompt::jinja
