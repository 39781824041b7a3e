// SPDX-License-Identifier: Apache-2.0
// The one reader of UTF-8 in this room. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <utf8proc.h>

namespace tendril::prompt {

struct CodePoint {
    std::int32_t value = -1;  ///< -1: no UTF-8
    std::size_t bytes = 1;
};

/// The one that begins at byte `at` (< text.size()); bytes that are no UTF-8 come one by one.
inline CodePoint code_point_at(std::string_view text, std::size_t at) {
    CodePoint found;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at;
    const auto length =
        utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &found.value);
    found.bytes = length > 0 ? static_cast<std::size_t>(length) : 1;
    return found;
}

}  // namespace tendril::prompt
