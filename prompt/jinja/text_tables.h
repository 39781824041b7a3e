// SPDX-License-Identifier: Apache-2.0
// What utf8proc does not know of Python's character classes and full case mappings; written from
// CPython 3.11's unicodedata. Constants, sorted.
#pragma once

#include <cstdint>
#include <span>

namespace tendril::prompt::jinja {

struct CodePointRange {
    std::uint32_t first;
    std::uint32_t last;
};
struct SpecialCase {
    std::uint32_t code_point;
    const char* mapped;  ///< UTF-8
};

/// str.isdigit() outside of the category Nd.
std::span<const CodePointRange> other_digits();
/// str.isnumeric() outside of the categories Nd, Nl, No.
std::span<const CodePointRange> other_numerics();
/// str.islower() outside of the category Ll.
std::span<const CodePointRange> other_lower();
/// str.isupper() outside of the category Lu.
std::span<const CodePointRange> other_upper();
/// Characters whose upper case is longer than one character.
std::span<const SpecialCase> long_upper();
/// Characters whose title case is longer than one character.
std::span<const SpecialCase> long_title();

}  // namespace tendril::prompt::jinja
