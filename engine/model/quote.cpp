// SPDX-License-Identifier: Apache-2.0
// See quote.h. Pure, any thread.
#include "engine/model/quote.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kLongestQuote = 80;

/// Bytes of the character at the front of `text`, or 0 when it is no well-formed one (Unicode 15, table 3-7).
std::size_t character_bytes(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t size = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (size == 0 || text.size() < size) {
        return 0;
    }
    const unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < least || byte(1) > most) {
        return 0;
    }
    for (std::size_t i = 2; i < size; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    return size;
}

}  // namespace

std::string in_quotes(std::string_view name) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text = "'";
    for (const char c : name.substr(0, kLongestQuote)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            text += c;
        } else {
            text += "\\x";
            text += kDigits[byte >> 4];
            text += kDigits[byte & 15U];
        }
    }
    text += name.size() > kLongestQuote ? "...'" : "'";
    return text;
}

std::string clean_text(std::string_view text, std::size_t most) {
    std::string clean;
    while (!text.empty()) {
        const std::size_t size = character_bytes(text);
        const auto first = static_cast<unsigned char>(text.front());
        const bool control = size == 1 && (first < 0x20 || first == 0x7F);
        const std::string_view next = size == 0 || control ? std::string_view("?") : text.substr(0, size);
        if (clean.size() + next.size() > most) {
            break;
        }
        clean += next;
        text.remove_prefix(size == 0 ? 1 : size);
    }
    return clean;
}

}  // namespace tendril::engine
