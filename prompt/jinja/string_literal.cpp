// SPDX-License-Identifier: Apache-2.0
// Resolves string escapes as Python's unicode-escape codec does. Pure; any thread.
#include "prompt/jinja/string_literal.h"

#include <charconv>
#include <cstdint>
#include <cstdio>

#include "prompt/jinja/heap.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

/// \xhh, \uhhhh, \Uhhhhhhhh: `i` stands behind the letter and is moved behind the digits.
char32_t hex_escape(std::string_view body, std::size_t& i, std::size_t digits, int line) {
    std::uint32_t value = 0;
    const auto text = body.substr(i, digits);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != digits || parsed.ptr != text.data() + text.size() || value > 0x10FFFF) {
        raise("truncated or impossible escape in a string", ErrorCode::malformed, line);
    }
    i += digits;
    return value;
}

char32_t octal_escape(std::string_view body, std::size_t& i) {
    char32_t value = 0;
    for (int digits = 0; digits < 3 && i < body.size() && body[i] >= '0' && body[i] <= '7'; ++digits, ++i) {
        value = value * 8 + static_cast<char32_t>(body[i] - '0');
    }
    return value;
}

/// jinja2 spells characters outside of ASCII as escapes before it resolves escapes, so that a backslash
/// before one shows the spelling.
void append_spelled(std::string& out, char32_t c) {
    char buffer[16];
    std::snprintf(buffer, sizeof(buffer),
                  c < 0x100     ? "\\x%02x"
                  : c < 0x10000 ? "\\u%04x"
                                : "\\U%08x",
                  static_cast<unsigned>(c));
    out += buffer;
}

void append_escape(std::string& out, std::string_view body, std::size_t& i, int line) {
    constexpr std::string_view kLetters = "\\'\"abfnrtv";
    constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
    const char c = body[i];
    if (const std::size_t known = kLetters.find(c); known != std::string_view::npos) {
        out += kMeanings[known];
        ++i;
    } else if (c == '\n') {
        ++i;
    } else if (c == 'x' || c == 'u' || c == 'U') {
        ++i;
        append_code_point(out, hex_escape(body, i, c == 'x' ? 2 : c == 'u' ? 4 : 8, line));
    } else if (c >= '0' && c <= '7') {
        append_code_point(out, octal_escape(body, i));
    } else if (c == 'N') {
        raise("characters by name (\\N) are not supported in strings", ErrorCode::unsupported, line);
    } else if (static_cast<unsigned char>(c) >= 0x80) {
        append_spelled(out, next_code_point(body, i));
    } else {
        out += '\\';
        out += c;
        ++i;
    }
}

}  // namespace

std::string unescaped_literal(std::string_view body, int line) {
    std::string out;
    out.reserve(body.size());
    for (std::size_t i = 0; i < body.size();) {
        if (body[i] != '\\' || i + 1 == body.size()) {
            out += body[i++];
        } else {
            append_escape(out, body, ++i, line);
        }
    }
    return out;
}

}  // namespace tendril::prompt::jinja
