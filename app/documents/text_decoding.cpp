// SPDX-License-Identifier: Apache-2.0
// See text_decoding.h. Byte order marks first, then UTF-8 as it checks itself, then what the bytes look like.
#include "app/documents/text_decoding.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/text/utf8_stream.h"

namespace tendril::app {
namespace {

using namespace std::string_view_literals;

struct Magic {
    std::string_view begins;
    std::string_view kind;
};

/// Files that people do drop, by how they begin.
constexpr Magic kMagics[] = {
    {"PK\x03\x04"sv, "a ZIP archive, or a document of an office program"sv},
    {"\xD0\xCF\x11\xE0"sv, "a document of an older office program"sv},
    {"\x89PNG"sv, "a picture"sv},
    {"\xFF\xD8\xFF"sv, "a picture"sv},
    {"GIF8"sv, "a picture"sv},
    {"GGUF"sv, "a model"sv},
    {"\x7F"
     "ELF"sv,
     "a program"sv},
    {"\x1F\x8B"sv, "a compressed file"sv},
    {"BZh"sv, "a compressed file"sv},
    {"\xFD"
     "7zXZ"sv,
     "a compressed file"sv},
    {"\x28\xB5\x2F\xFD"sv, "a compressed file"sv},
    {"7z\xBC\xAF"sv, "a compressed file"sv},
    {"SQLite format 3"sv, "a database"sv},
    {"RIFF"sv, "a sound or a film"sv},
    {"ID3"sv, "a sound"sv},
    {"OggS"sv, "a sound or a film"sv},
    {"{\\rtf"sv, "a rich text file; save it as plain text"sv},
};

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6U));
        out += static_cast<char>(0x80 | (c & 0x3FU));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12U));
        out += static_cast<char>(0x80 | ((c >> 6U) & 0x3FU));
        out += static_cast<char>(0x80 | (c & 0x3FU));
    } else {
        out += static_cast<char>(0xF0 | (c >> 18U));
        out += static_cast<char>(0x80 | ((c >> 12U) & 0x3FU));
        out += static_cast<char>(0x80 | ((c >> 6U) & 0x3FU));
        out += static_cast<char>(0x80 | (c & 0x3FU));
    }
}

constexpr std::uint32_t kReplacement = 0xFFFD;

std::uint32_t unit_at(std::string_view bytes, std::size_t at, unsigned width, bool little) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < width; ++i) {
        const unsigned from = little ? width - 1 - i : i;
        value = (value << 8U) | static_cast<unsigned char>(bytes[at + from]);
    }
    return value;
}

/// UTF-16 (width 2) or UTF-32 (4). Broken surrogates, numbers that are no character and an odd end become
/// U+FFFD.
DecodedText decode_wide(std::string_view bytes, unsigned width, bool little) {
    DecodedText decoded{{}, width == 2 ? "UTF-16" : "UTF-32"};
    decoded.text.reserve(bytes.size());
    const auto add = [&decoded](std::uint32_t c) {
        const bool bad = c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) || c == 0;
        decoded.repaired = decoded.repaired || bad;
        append_utf8(decoded.text, bad ? kReplacement : c);
    };
    std::size_t at = 0;
    for (; at + width <= bytes.size(); at += width) {
        std::uint32_t c = unit_at(bytes, at, width, little);
        if (width == 2 && c >= 0xD800 && c < 0xDC00 && at + 4 <= bytes.size()) {
            if (const std::uint32_t low = unit_at(bytes, at + 2, 2, little); low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10U) + (low - 0xDC00);
                at += 2;
            }
        }
        add(c);
    }
    if (at < bytes.size()) {
        add(kReplacement + 0x200000);
    }
    return decoded;
}

/// What 0x80 to 0x9F mean in Windows-1252; 0 where it has nothing.
constexpr std::uint16_t kWindows1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                            0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                            0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                            0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

struct Census {
    std::size_t zeros_even = 0, zeros_odd = 0;
    std::size_t controls = 0;  ///< that no text has
    std::size_t high = 0;      ///< above 0x7F
    std::size_t high_controls = 0,
                undefined = 0;  ///< 0x80 to 0x9F; those that Windows-1252 has no character for
};

Census count(std::string_view bytes) {
    Census census;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto c = static_cast<unsigned char>(bytes[i]);
        if (c == 0) {
            ++(i % 2 == 0 ? census.zeros_even : census.zeros_odd);
        } else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\x1B' &&
                    c != '\b') ||
                   c == 0x7F) {
            ++census.controls;
        } else if (c >= 0x80) {
            ++census.high;
            census.high_controls += c < 0xA0 ? 1 : 0;
            census.undefined += c < 0xA0 && kWindows1252[c - 0x80] == 0 ? 1 : 0;
        }
    }
    return census;
}

DecodedText decode_single_bytes(std::string_view bytes, const Census& census) {
    DecodedText decoded{{}, census.high_controls > 0 ? "Windows-1252" : "Latin-1"};
    decoded.text.reserve(bytes.size() + census.high);
    for (const char raw : bytes) {
        const auto c = static_cast<unsigned char>(raw);
        append_utf8(decoded.text, c >= 0x80 && c < 0xA0 ? kWindows1252[c - 0x80] : c);
    }
    return decoded;
}

std::size_t occurrences(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size())) {
        ++found;
    }
    return found;
}

/// UTF-8 of which hardly anything is broken (a file that was cut, a stray byte): the rest proves that it is
/// UTF-8.
std::optional<DecodedText> decode_broken_utf8(std::string_view bytes, const Census& census) {
    DecodedText decoded{engine::to_valid_utf8(bytes), "UTF-8", true};
    const std::size_t broken = occurrences(decoded.text, "\xEF\xBF\xBD") - occurrences(bytes, "\xEF\xBF\xBD");
    if (broken * 20 <= census.high) {
        return decoded;
    }
    return std::nullopt;
}

/// "\n" between lines, pages apart; no NUL.
std::string tidy(std::string_view text) {
    std::string tidied;
    tidied.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\r') {
            if (i + 1 == text.size() || text[i + 1] != '\n') {
                tidied += '\n';
            }
        } else if (c == '\f') {
            tidied += "\n\n";
        } else if (c != '\0') {
            tidied += c;
        }
    }
    return tidied;
}

tl::unexpected<Error> no_text(std::string_view name, std::string_view kind) {
    return fail(ErrorCode::unsupported, std::string(name) + " is no text" +
                                            (kind.empty() ? std::string() : ": it is " + std::string(kind)) +
                                            ".");
}

Result<DecodedText> decode(std::string_view bytes, std::string_view name) {
    if (bytes.starts_with("\xEF\xBB\xBF"sv)) {
        bytes.remove_prefix(3);
        const bool sound = engine::is_valid_utf8(bytes);
        return DecodedText{sound ? std::string(bytes) : engine::to_valid_utf8(bytes), "UTF-8", !sound};
    }
    if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv)) {
        return decode_wide(bytes.substr(4), 4, bytes[0] == '\xFF');
    }
    if (bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("\xFE\xFF"sv)) {
        return decode_wide(bytes.substr(2), 2, bytes[0] == '\xFF');
    }
    for (const Magic& magic : kMagics) {
        if (bytes.starts_with(magic.begins)) {
            return no_text(name, magic.kind);
        }
    }
    const Census census = count(bytes);
    const std::size_t zeros = census.zeros_even + census.zeros_odd;
    if (zeros > 0) {
        const bool little = census.zeros_odd > census.zeros_even;
        const std::size_t many = std::max(census.zeros_even, census.zeros_odd);
        // UTF-16 of mostly Latin text without its mark: nearly every second byte is zero, hardly any of the
        // others
        if (many * 10 >= bytes.size() * 3 && (zeros - many) * 50 <= many && bytes.size() % 2 == 0) {
            return decode_wide(bytes, 2, little);
        }
        return no_text(name, {});
    }
    if (census.controls * 1000 > bytes.size()) {
        return no_text(name, {});
    }
    if (engine::is_valid_utf8(bytes)) {
        return DecodedText{std::string(bytes), "UTF-8"};
    }
    if (auto nearly = decode_broken_utf8(bytes, census)) {
        return std::move(*nearly);
    }
    if (census.undefined > 0 || census.high * 4 > bytes.size()) {
        return fail(ErrorCode::unsupported, "The encoding of " + std::string(name) +
                                                " cannot be told. Save it as UTF-8, then attach it again.");
    }
    return decode_single_bytes(bytes, census);
}

}  // namespace

Result<DecodedText> decode_text(std::string_view bytes, std::string_view name) {
    auto decoded = decode(bytes, name);
    if (decoded) {
        decoded->text = tidy(decoded->text);
    }
    return decoded;
}

}  // namespace tendril::app
