// SPDX-License-Identifier: Apache-2.0
// Characters by Unicode category. Pure; any thread.
#include "prompt/compress/characters.h"

#include <utf8proc.h>

#include "prompt/code_point.h"

namespace tendril::prompt::compression {
namespace {

using Kind = CharacterKind;

bool is_wide(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x3134F) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x3041 && c <= 0x30FF) || c == 0x3005 || c == 0x3007 ||
           (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF);
}

bool is_stop(char32_t c) {
    return c == '.' || c == '!' || c == '?' || c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF0E ||
           c == 0x2026 || c == 0x0964 || c == 0x061F || c == 0x06D4;
}

bool is_pause(char32_t c) {
    return c == ',' || c == ';' || c == ':' || c == 0xFF0C || c == 0x3001 || c == 0xFF1B || c == 0xFF1A ||
           c == 0x2013 || c == 0x2014 || c == 0x060C || c == 0x061B;
}

Kind kind_by_category(char32_t c) {
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME:
        case UTF8PROC_CATEGORY_PC:
            return Kind::letter;
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_NO:
            return Kind::digit;
        case UTF8PROC_CATEGORY_PS:
        case UTF8PROC_CATEGORY_PI:
            return Kind::open;
        case UTF8PROC_CATEGORY_PE:
        case UTF8PROC_CATEGORY_PF:
            return Kind::close;
        case UTF8PROC_CATEGORY_ZS:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
            return Kind::blank;
        default:
            return Kind::symbol;
    }
}

Kind ascii_kind(char32_t c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') {
        return Kind::letter;
    }
    if (c >= '0' && c <= '9') {
        return Kind::digit;
    }
    switch (c) {
        case ' ':
        case '\t':
        case '\v':
        case '\f':
            return Kind::blank;
        case '\n':
        case '\r':
            return Kind::newline;
        case '"':
        case '\'':
            return Kind::quote;
        case '(':
        case '[':
        case '{':
            return Kind::open;
        case ')':
        case ']':
        case '}':
            return Kind::close;
        default:
            return is_stop(c) ? Kind::stop : is_pause(c) ? Kind::pause : Kind::symbol;
    }
}

Kind kind_of(char32_t c) {
    if (c < 0x80) {
        return ascii_kind(c);
    }
    if (is_stop(c)) {
        return Kind::stop;
    }
    if (is_pause(c)) {
        return Kind::pause;
    }
    const Kind kind = kind_by_category(c);
    return kind == Kind::letter && is_wide(c) ? Kind::wide : kind;
}

}  // namespace

Character character_at(std::string_view text, std::size_t at) {
    if (const auto first = static_cast<unsigned char>(text[at]); first < 0x80) {
        return {first, 1, ascii_kind(first)};
    }
    const CodePoint found = code_point_at(text, at);
    if (found.value < 0) {
        return {0xFFFD, 1, Kind::symbol};
    }
    const auto c = static_cast<char32_t>(found.value);
    return {c, static_cast<unsigned>(found.bytes), kind_of(c)};
}

std::size_t before(std::string_view text, std::size_t at) {
    do {
        --at;
    } while (at > 0 && !is_boundary(text, at));
    return at;
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint found = code_point_at(text, at);
        if (found.value < 0) {
            return false;
        }
        at += found.bytes;
    }
    return true;
}

bool is_capital(char32_t c) {
    return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LU;
}

bool is_han_numeral(char32_t c) {
    constexpr std::u32string_view kNumerals = U"〇零一二三四五六七八九十百千万萬亿億两兩";
    return kNumerals.find(c) != std::u32string_view::npos;
}

bool counts_alone(char32_t c) {
    constexpr std::u32string_view kNumerals = U"二三四五六七八九两兩";
    return kNumerals.find(c) != std::u32string_view::npos;
}

std::string lower_case(std::string_view text) {
    std::string lower;
    lower.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const Character c = character_at(text, at);
        at += c.bytes;
        if (c.value < 0x80) {
            lower += static_cast<char>(c.value >= 'A' && c.value <= 'Z' ? c.value + 32 : c.value);
            continue;
        }
        utf8proc_uint8_t bytes[4];
        const auto length =
            utf8proc_encode_char(utf8proc_tolower(static_cast<utf8proc_int32_t>(c.value)), bytes);
        lower.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
    }
    return lower;
}

}  // namespace tendril::prompt::compression
