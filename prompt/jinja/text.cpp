// SPDX-License-Identifier: Apache-2.0
// Code points, character classes, case mappings and searches of the template interpreter. Pure functions; any
// thread.
#include "prompt/jinja/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include <utf8proc.h>

#include "prompt/jinja/text_tables.h"

namespace tendril::prompt::jinja {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// Length of the valid sequence at `i`, 0 when there is none.
std::size_t sequence_length(std::string_view text, std::size_t i) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned lead = byte(i);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || i + length > text.size()) {
        return 0;
    }
    for (std::size_t k = 1; k < length; ++k) {
        if ((byte(i + k) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const unsigned second = byte(i + 1);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    return overlong || outside ? 0 : length;
}

bool in_ranges(std::span<const CodePointRange> ranges, char32_t c) {
    const auto after =
        std::upper_bound(std::begin(ranges), std::end(ranges), c,
                         [](char32_t value, const CodePointRange& r) { return value < r.first; });
    return after != std::begin(ranges) && c <= std::prev(after)->last;
}

const char* long_mapping(std::span<const SpecialCase> cases, char32_t c) {
    const auto found =
        std::lower_bound(std::begin(cases), std::end(cases), c,
                         [](const SpecialCase& s, char32_t value) { return s.code_point < value; });
    return found != std::end(cases) && found->code_point == c ? found->mapped : nullptr;
}

utf8proc_category_t category(char32_t c) {
    return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

bool is_cased(char32_t c) {
    return is_upper(c) || is_lower(c) || is_title(c);
}

bool is_case_ignorable(char32_t c) {
    const auto kind = category(c);
    return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_CF ||
           kind == UTF8PROC_CATEGORY_LM || kind == UTF8PROC_CATEGORY_SK || c == '\'' || c == '.' ||
           c == ':' || c == 0xB7 || c == 0x2018 || c == 0x2019 || c == 0x2024 || c == 0x2027 || c == 0x387;
}

std::vector<char32_t> code_points(std::string_view text) {
    std::vector<char32_t> points;
    points.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        points.push_back(next_code_point(text, i));
    }
    return points;
}

/// Σ at the end of a word becomes ς (Unicode's Final_Sigma): a cased letter before it, none behind it,
/// case-ignorable ones between. Both looks are bounded, so that a text of nothing but sigmas and apostrophes
/// stays linear.
bool is_final_sigma(const std::vector<char32_t>& points, std::size_t i) {
    constexpr std::size_t kLook = 64;
    std::size_t before = i;
    while (before > 0 && i - before < kLook && is_case_ignorable(points[before - 1])) {
        --before;
    }
    if (before == 0 || !is_cased(points[before - 1])) {
        return false;
    }
    std::size_t after = i + 1;
    while (after < points.size() && after - i < kLook && is_case_ignorable(points[after])) {
        ++after;
    }
    return after == points.size() || !is_cased(points[after]);
}

void append_upper(std::string& out, char32_t c) {
    if (const char* mapped = long_mapping(long_upper(), c)) {
        out += mapped;
    } else {
        append_code_point(out, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
    }
}

void append_title(std::string& out, char32_t c) {
    if (const char* mapped = long_mapping(long_title(), c)) {
        out += mapped;
    } else {
        append_code_point(out, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
    }
}

void append_lower(std::string& out, const std::vector<char32_t>& points, std::size_t i) {
    const char32_t c = points[i];
    if (c == 0x130) {
        out += "i\xCC\x87";
    } else if (c == 0x3A3) {
        append_code_point(out, is_final_sigma(points, i) ? 0x3C2 : 0x3C3);
    } else {
        append_code_point(out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
    }
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

template <typename InSet>
std::string_view strip_if(std::string_view text, Side side, InSet in_set) {
    std::size_t first = 0;
    std::size_t last = text.size();
    while (side != Side::right && first < last) {
        std::size_t next = first;
        if (!in_set(next_code_point(text, next))) {
            break;
        }
        first = next;
    }
    while (side != Side::left && last > first) {
        std::size_t start = last - 1;
        while (start > first && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) {
            --start;
        }
        std::size_t position = start;
        if (!in_set(next_code_point(text, position))) {
            break;
        }
        last = start;
    }
    return text.substr(first, last - first);
}

/// Knuth-Morris-Pratt; for needles that are too long to be compared at every place.
std::size_t find_long(std::string_view haystack, std::string_view needle, std::size_t from) {
    std::vector<std::uint32_t> border(needle.size(), 0);
    for (std::size_t i = 1, k = 0; i < needle.size(); ++i) {
        while (k > 0 && needle[i] != needle[k]) {
            k = border[k - 1];
        }
        k += needle[i] == needle[k] ? 1 : 0;
        border[i] = static_cast<std::uint32_t>(k);
    }
    for (std::size_t i = from, k = 0; i < haystack.size(); ++i) {
        while (k > 0 && haystack[i] != needle[k]) {
            k = border[k - 1];
        }
        k += haystack[i] == needle[k] ? 1 : 0;
        if (k == needle.size()) {
            return i + 1 - k;
        }
    }
    return std::string_view::npos;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text, i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

std::string repaired_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence_length(text, i);
        if (length == 0) {
            append_code_point(out, kReplacement);
            ++i;
        } else {
            out.append(text, i, length);
            i += length;
        }
    }
    return out;
}

std::size_t count_code_points(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) {
        count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    }
    return count;
}

std::size_t code_point_bytes(std::string_view text, std::size_t position) {
    const auto lead = static_cast<unsigned char>(text[position]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    return std::min(length, text.size() - position);
}

char32_t next_code_point(std::string_view text, std::size_t& position) {
    const std::size_t length = code_point_bytes(text, position);
    const auto lead = static_cast<unsigned char>(text[position]);
    char32_t c = length == 1 ? lead : lead & (0x7F >> length);
    for (std::size_t k = 1; k < length; ++k) {
        c = (c << 6) | (static_cast<unsigned char>(text[position + k]) & 0x3F);
    }
    position += length;
    return c;
}

std::size_t offset_of(std::string_view text, std::size_t index) {
    std::size_t position = 0;
    while (index > 0 && position < text.size()) {
        position += code_point_bytes(text, position);
        --index;
    }
    return position;
}

void append_code_point(std::string& out, char32_t c) {
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        c = kReplacement;
    }
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

bool is_space(char32_t c) {
    return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
           c == 0x3000;
}

bool is_line_break(char32_t c) {
    return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_printable(char32_t c) {
    if (c < 0x80) {
        return c >= 0x20 && c < 0x7F;
    }
    switch (category(c)) {
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
        case UTF8PROC_CATEGORY_ZS:
            return false;
        default:
            return true;
    }
}

bool is_alpha(char32_t c) {
    const auto kind = category(c);
    return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}
bool is_decimal(char32_t c) {
    return category(c) == UTF8PROC_CATEGORY_ND;
}
bool is_digit(char32_t c) {
    return is_decimal(c) || in_ranges(other_digits(), c);
}
bool is_numeric(char32_t c) {
    const auto kind = category(c);
    return (kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO) || in_ranges(other_numerics(), c);
}
bool is_alnum(char32_t c) {
    return is_alpha(c) || is_numeric(c);
}
bool is_upper(char32_t c) {
    return category(c) == UTF8PROC_CATEGORY_LU || in_ranges(other_upper(), c);
}
bool is_lower(char32_t c) {
    return category(c) == UTF8PROC_CATEGORY_LL || in_ranges(other_lower(), c);
}
bool is_title(char32_t c) {
    return category(c) == UTF8PROC_CATEGORY_LT;
}

bool has_case(std::string_view text, bool upper) {
    bool any = false;
    for (std::size_t i = 0; i < text.size();) {
        const char32_t c = next_code_point(text, i);
        if (is_title(c) || (upper ? is_lower(c) : is_upper(c))) {
            return false;
        }
        any = any || (upper ? is_upper(c) : is_lower(c));
    }
    return any;
}

bool is_identifier(std::string_view text) {
    bool first = true;
    for (std::size_t i = 0; i < text.size();) {
        const char32_t c = next_code_point(text, i);
        const auto kind = category(c);
        const bool start = c == '_' || is_alpha(c) || kind == UTF8PROC_CATEGORY_NL;
        const bool inside = start || kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_MN ||
                            kind == UTF8PROC_CATEGORY_MC || kind == UTF8PROC_CATEGORY_PC;
        if (!(first ? start : inside)) {
            return false;
        }
        first = false;
    }
    return !first;
}

std::string to_upper(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        append_upper(out, next_code_point(text, i));
    }
    return out;
}

std::string to_lower(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    if (is_ascii(text)) {
        std::transform(text.begin(), text.end(), std::back_inserter(out),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        return out;
    }
    const auto points = code_points(text);
    for (std::size_t i = 0; i < points.size(); ++i) {
        append_lower(out, points, i);
    }
    return out;
}

std::string to_title(std::string_view text) {
    const auto points = code_points(text);
    std::string out;
    bool in_word = false;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (in_word) {
            append_lower(out, points, i);
        } else {
            append_title(out, points[i]);
        }
        in_word = is_cased(points[i]);
    }
    return out;
}

std::string to_capitalized(std::string_view text) {
    const auto points = code_points(text);
    std::string out;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (i > 0) {
            append_lower(out, points, i);
        } else {
            append_title(out, points[i]);
        }
    }
    return out;
}

std::string to_folded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        utf8proc_int32_t folded[8];
        int boundary = 0;
        const auto c = static_cast<utf8proc_int32_t>(next_code_point(text, i));
        const auto count = utf8proc_decompose_char(c, folded, 8, UTF8PROC_CASEFOLD, &boundary);
        for (utf8proc_ssize_t k = 0; k < std::min<utf8proc_ssize_t>(count, 8); ++k) {
            append_code_point(out, static_cast<char32_t>(folded[k]));
        }
    }
    return out;
}

std::string to_swapped_case(std::string_view text) {
    const auto points = code_points(text);
    std::string out;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (is_upper(points[i])) {
            append_lower(out, points, i);
        } else if (is_lower(points[i])) {
            append_upper(out, points[i]);
        } else {
            append_code_point(out, points[i]);
        }
    }
    return out;
}

std::size_t find_text(std::string_view haystack, std::string_view needle, std::size_t from) {
    if (needle.size() <= kShortNeedle || from > haystack.size()) {
        return haystack.find(needle, from);
    }
    return find_long(haystack, needle, from);
}

std::size_t rfind_text(std::string_view haystack, std::string_view needle) {
    if (needle.size() <= kShortNeedle || needle.size() > haystack.size()) {
        return haystack.rfind(needle);
    }
    const std::string reversed_haystack(haystack.rbegin(), haystack.rend());
    const std::string reversed_needle(needle.rbegin(), needle.rend());
    const std::size_t found = find_long(reversed_haystack, reversed_needle, 0);
    return found == std::string_view::npos ? found : haystack.size() - found - needle.size();
}

std::string_view stripped(std::string_view text, Side side) {
    return strip_if(text, side, is_space);
}

std::string_view stripped(std::string_view text, Side side, std::string_view characters) {
    std::vector<char32_t> set = code_points(characters);
    std::sort(set.begin(), set.end());
    return strip_if(text, side, [&](char32_t c) { return std::binary_search(set.begin(), set.end(), c); });
}

}  // namespace tendril::prompt::jinja
