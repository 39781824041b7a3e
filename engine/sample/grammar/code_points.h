// SPDX-License-Identifier: Apache-2.0
// Sets of code points, and how they look as bytes of UTF-8. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/sample/grammar/syntax.h"

namespace tendril::engine::grammar {

/// Can stand in UTF-8: not a surrogate, not above the last code point.
constexpr bool is_scalar(char32_t code) {
    return code <= kLastCodePoint && (code < 0xD800 || code > 0xDFFF);
}
/// `code` is a scalar.
void append_utf8(char32_t code, std::string& out);

/// The same set, ascending, apart from each other, without surrogates.
std::vector<CodeRange> normalised(std::vector<CodeRange> ranges);
/// All others.
std::vector<CodeRange> complement(std::vector<CodeRange> ranges);

struct ByteRange {
    std::uint8_t low = 0;
    std::uint8_t high = 0;
};
/// All texts of `length` bytes whose bytes lie in the ranges.
struct ByteRun {
    std::array<ByteRange, 4> bytes{};
    std::size_t length = 0;
};

/// The UTF-8 of the set, which is normalised. Method: cut each range where the number of bytes changes and
/// where the last continuation bytes are not whole blocks (as in RE2 and utf8-ranges).
std::vector<ByteRun> utf8_runs(const std::vector<CodeRange>& ranges);

}  // namespace tendril::engine::grammar
