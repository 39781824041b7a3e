// SPDX-License-Identifier: Apache-2.0
// UTF-8 in, UTF-16 that is safe to lay out. Pure functions, any thread.
#include "ui/markup/unicode.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tendril::ui::markup {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::size_t kMaxMarks =
    12;  // upon one letter; real writing needs four, more only paints over other lines

std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/// Reads one character at `at` and moves past it; a broken byte is skipped alone and gives U+FFFD.
char32_t next_character(std::string_view s, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(s[at]);
    const std::size_t length = sequence_length(lead);
    if (length == 1) {
        return static_cast<char32_t>(s[at++]);
    }
    if (length == 0 || at + length > s.size()) {
        ++at;
        return kReplacement;
    }
    char32_t c = lead & (0x7F >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(s[at + i]);
        if ((byte & 0xC0) != 0x80) {
            ++at;
            return kReplacement;
        }
        c = (c << 6) | (byte & 0x3F);
    }
    const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    if (overlong || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        ++at;
        return kReplacement;
    }
    at += length;
    return c;
}

bool is_direction_mark(char32_t c) {
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

/// The marks that can be piled upon a letter without end.
bool is_combining(char32_t c) {
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x0483 && c <= 0x0489) || (c >= 0x1AB0 && c <= 0x1AFF) ||
           (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) || (c >= 0xFE20 && c <= 0xFE2F);
}

char32_t clean(char32_t c, bool code) {
    if (c < 0x20) {
        if (c == '\t' || c == '\n') {
            return c;
        }
        return c == 0 ? kReplacement : 0x2400 + c;
    }
    if (c == 0x7F) {
        return 0x2421;
    }
    if (c < 0x2000) {
        return (c >= 0x80 && c < 0xA0) || (code && is_direction_mark(c)) ? kReplacement : c;
    }
    if (c == 0x2028 || c == 0x2029) {
        return ' ';
    }
    if (c == 0x202D || c == 0x202E || c == 0xFFFC || (code && is_direction_mark(c))) {
        return kReplacement;
    }
    const bool noncharacter = (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
    return noncharacter || (c >= 0xE0000 && c <= 0xE007F) ? kReplacement : c;
}

}  // namespace

void append_code_point(std::u16string& out, char32_t c) {
    if (c < 0x10000) {
        out.push_back(static_cast<char16_t>(c));
        return;
    }
    out.push_back(static_cast<char16_t>(0xD7C0 + (c >> 10)));
    out.push_back(static_cast<char16_t>(0xDC00 + (c & 0x3FF)));
}

void append_clean(std::u16string& out, std::string_view utf8, bool code) {
    std::size_t marks = 0;  // at the end of `out`: a text may come in pieces
    while (marks < std::min(kMaxMarks, out.size()) && is_combining(out[out.size() - 1 - marks])) {
        ++marks;
    }
    for (std::size_t at = 0; at < utf8.size();) {
        const char32_t c = clean(next_character(utf8, at), code);
        marks = is_combining(c) ? marks + 1 : 0;
        if (marks <= kMaxMarks) {
            append_code_point(out, c);
        }
    }
}

std::size_t incomplete_tail(std::string_view utf8) {
    const std::size_t most = std::min<std::size_t>(3, utf8.size());
    for (std::size_t back = 1; back <= most; ++back) {
        const auto byte = static_cast<unsigned char>(utf8[utf8.size() - back]);
        if ((byte & 0xC0) != 0x80) {
            return sequence_length(byte) > back ? back : 0;
        }
    }
    return 0;
}

char32_t entity(std::string_view reference) {
    if (reference.size() < 3 || reference.front() != '&' || reference.back() != ';') {
        return 0;
    }
    std::string_view name = reference.substr(1, reference.size() - 2);
    if (name.front() == '#') {
        const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
        name.remove_prefix(hex ? 2 : 1);
        char32_t value = 0;
        for (const char c : name) {
            const int lower = c | 0x20;
            const int digit =
                c >= '0' && c <= '9' ? c - '0' : (lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99);
            if (digit >= (hex ? 16 : 10)) {
                return 0;
            }
            value = std::min<char32_t>(value * (hex ? 16 : 10) + static_cast<char32_t>(digit), 0x110000);
        }
        const bool valid = value != 0 && value < 0x110000 && (value < 0xD800 || value > 0xDFFF);
        return clean(valid ? value : kReplacement, true);
    }
    static constexpr std::array<std::pair<std::string_view, char32_t>, 58> kNames{{
        {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},
        {"nbsp", 0xA0},    {"copy", 0xA9},    {"reg", 0xAE},     {"trade", 0x2122}, {"hellip", 0x2026},
        {"mdash", 0x2014}, {"ndash", 0x2013}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C},
        {"rdquo", 0x201D}, {"laquo", 0xAB},   {"raquo", 0xBB},   {"bull", 0x2022},  {"middot", 0xB7},
        {"times", 0xD7},   {"divide", 0xF7},  {"plusmn", 0xB1},  {"minus", 0x2212}, {"le", 0x2264},
        {"ge", 0x2265},    {"ne", 0x2260},    {"asymp", 0x2248}, {"infin", 0x221E}, {"sum", 0x2211},
        {"prod", 0x220F},  {"radic", 0x221A}, {"int", 0x222B},   {"part", 0x2202},  {"nabla", 0x2207},
        {"isin", 0x2208},  {"cup", 0x222A},   {"cap", 0x2229},   {"larr", 0x2190},  {"uarr", 0x2191},
        {"rarr", 0x2192},  {"darr", 0x2193},  {"harr", 0x2194},  {"rArr", 0x21D2},  {"hArr", 0x21D4},
        {"deg", 0xB0},     {"micro", 0xB5},   {"para", 0xB6},    {"sect", 0xA7},    {"euro", 0x20AC},
        {"pound", 0xA3},   {"yen", 0xA5},     {"cent", 0xA2},    {"frac12", 0xBD},  {"sup2", 0xB2},
        {"sup3", 0xB3},    {"pi", 0x3C0},     {"alpha", 0x3B1},
    }};
    const auto* found =
        std::find_if(kNames.begin(), kNames.end(), [&](const auto& entry) { return entry.first == name; });
    return found == kNames.end() ? 0 : found->second;
}

}  // namespace tendril::ui::markup
