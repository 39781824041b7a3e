// SPDX-License-Identifier: Apache-2.0
// Puts a name out of an untrusted file into a message: short, printable, in quotes. Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace tendril::engine {

/// 'name'; bytes that are no printable ASCII become \xNN, and what is over 80 bytes long is cut with "...".
inline std::string quoted(std::string_view name) {
    static constexpr char kDigits[] = "0123456789abcdef";
    static constexpr std::size_t kLongest = 80;
    std::string text = "'";
    for (const char c : name.substr(0, kLongest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            text += c;
        } else {
            text += "\\x";
            text += kDigits[byte >> 4];
            text += kDigits[byte & 15U];
        }
    }
    text += name.size() > kLongest ? "...'" : "'";
    return text;
}

}  // namespace tendril::engine
