// SPDX-License-Identifier: Apache-2.0
// Characters and their properties over utf8proc's tables. Pure; any thread. See unicode.h.
#include "engine/text/unicode.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <utf8proc.h>

#include "engine/text/unicode_additions.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kPage = 256;

bool is_white_space(char32_t code) {
    return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F ||
           code == 0x205F || code == 0x3000;
}

std::uint16_t category_bits(utf8proc_propval_t category) {
    switch (category) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LT:
            return kCharLetter | kCharUpper;
        case UTF8PROC_CATEGORY_LL:
            return kCharLetter | kCharLower;
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
            return kCharLetter;
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME:
            return kCharMark;
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_NO:
            return kCharNumber;
        case UTF8PROC_CATEGORY_PC:
        case UTF8PROC_CATEGORY_PD:
        case UTF8PROC_CATEGORY_PS:
        case UTF8PROC_CATEGORY_PE:
        case UTF8PROC_CATEGORY_PI:
        case UTF8PROC_CATEGORY_PF:
        case UTF8PROC_CATEGORY_PO:
            return kCharPunctuation;
        case UTF8PROC_CATEGORY_SM:
        case UTF8PROC_CATEGORY_SC:
        case UTF8PROC_CATEGORY_SK:
        case UTF8PROC_CATEGORY_SO:
            return kCharSymbol;
        default:
            return 0;
    }
}

/// What utf8proc does not know yet. The ranges are few and sorted; unassigned characters of known planes come
/// here, too.
std::uint16_t addition_bits(char32_t code) {
    const auto* range = std::upper_bound(std::begin(kUnicodeAdditions), std::end(kUnicodeAdditions), code,
                                         [](char32_t c, const CharRange& r) { return c < r.first; });
    const bool found = range != std::begin(kUnicodeAdditions) && code <= std::prev(range)->last;
    return static_cast<std::uint16_t>(found ? std::prev(range)->bits : 0);
}

std::uint16_t compute_bits(char32_t code) {
    const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
    std::uint16_t bits = category_bits(property->category);
    if (property->category == UTF8PROC_CATEGORY_CN) {
        bits = addition_bits(code);
    }
    if (is_white_space(code)) {
        bits |= kCharSpace;
    }
    if (code == '\r' || code == '\n') {
        bits |= kCharNewline;
    }
    const bool decomposes = property->decomp_type == 0 && property->decomp_seqindex != UINT16_MAX;
    const bool jamo = (code >= 0x1161 && code <= 0x1175) || (code >= 0x11A8 && code <= 0x11C2);
    // Composition takes a mark or a jamo as its second part; below U+0300 all is composed already.
    if (code >= 0x300 && (decomposes || jamo || property->combining_class != 0 || (bits & kCharMark) != 0)) {
        bits |= kCharNormalises;
    }
    return bits;
}

bool unassigned_plane(std::size_t page) {
    const std::size_t plane = page >> 8;
    return (plane >= 4 && plane <= 13) || plane >= 15;  // nothing but unassigned and private use
}

}  // namespace

Utf8Char decode_utf8(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return {lead, 1, true, false};
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return {};
    }
    const unsigned length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    // The second byte's range depends on the lead: no overlong forms, no surrogates, nothing past U+10FFFF
    // (table 3-7).
    unsigned low = 0x80;
    unsigned high = 0xBF;
    switch (lead) {
        case 0xE0:
            low = 0xA0;
            break;
        case 0xED:
            high = 0x9F;
            break;
        case 0xF0:
            low = 0x90;
            break;
        case 0xF4:
            high = 0x8F;
            break;
        default:
            break;
    }
    char32_t code = lead & (0x7Fu >> length);
    for (unsigned i = 1; i < length; ++i) {
        if (i >= text.size()) {
            return {0xFFFD, static_cast<std::uint8_t>(i), false, true};
        }
        const unsigned next = byte(i);
        if (next < low || next > high) {
            return {0xFFFD, static_cast<std::uint8_t>(i), false, false};
        }
        code = (code << 6) | (next & 0x3F);
        low = 0x80;
        high = 0xBF;
    }
    return {code, static_cast<std::uint8_t>(length), true, false};
}

const CharTable& CharTable::get() {
    static const CharTable table;
    return table;
}

CharTable::CharTable() {
    std::array<std::uint16_t, kPage> page{};
    std::uint16_t empty = 0;
    pages_.assign(kPage, 0);
    for (std::size_t number = 0; number < index_.size(); ++number) {
        if (unassigned_plane(number)) {
            index_[number] = empty;
            continue;
        }
        for (std::size_t i = 0; i < kPage; ++i) {
            page[i] = compute_bits(static_cast<char32_t>(number * kPage + i));
        }
        std::size_t known = 0;
        const std::size_t count = pages_.size() / kPage;
        while (known < count && std::memcmp(&pages_[known * kPage], page.data(), sizeof(page)) != 0) {
            ++known;
        }
        if (known == count) {
            pages_.insert(pages_.end(), page.begin(), page.end());
        }
        index_[number] = static_cast<std::uint16_t>(known);
    }
}

bool may_need_nfc(const CharTable& table, std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        if (static_cast<unsigned char>(text[i]) < 0xCC) {  // U+0000 to U+02FF, or a stray continuation
            ++i;
            continue;
        }
        const Utf8Char c = decode_utf8(text.substr(i));
        if (c.valid && (table.bits(c.code) & kCharNormalises) != 0) {
            return true;
        }
        i += c.length;
    }
    return false;
}

namespace {

std::uint64_t combining_class(utf8proc_int32_t code) {
    return utf8proc_get_property(code)->combining_class;
}

/// Sorts codes[begin, end) by combining class, equal ones in the order that they have.
void sort_marks(std::vector<utf8proc_int32_t>& codes, std::size_t begin, std::size_t end) {
    std::vector<std::uint64_t> order;  // class, place: sorting these is a stable sort
    for (std::size_t i = begin; i < end; ++i) {
        order.push_back((combining_class(codes[i]) << 56) | i);
    }
    std::sort(order.begin(), order.end());
    const std::vector<utf8proc_int32_t> old(codes.begin() + static_cast<std::ptrdiff_t>(begin),
                                            codes.begin() + static_cast<std::ptrdiff_t>(end));
    for (std::size_t i = 0; i < order.size(); ++i) {
        codes[begin + i] = old[(order[i] & 0xFFFFFFFFFFFFFFu) - begin];
    }
}

/// Canonical order. Sorting each run of marks, where utf8proc would insert one by one, keeps this n·log n.
void order_canonically(std::vector<utf8proc_int32_t>& codes) {
    for (std::size_t i = 0; i < codes.size();) {
        std::size_t end = i;
        while (end < codes.size() && combining_class(codes[end]) != 0) {
            ++end;
        }
        if (end > i + 1) {
            sort_marks(codes, i, end);
        }
        i = std::max(end, i + 1);
    }
}

void append_composed(std::vector<utf8proc_int32_t>& codes, std::string& out) {
    order_canonically(codes);
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    const auto count =
        utf8proc_normalize_utf32(codes.data(), static_cast<utf8proc_ssize_t>(codes.size()), options);
    for (utf8proc_ssize_t i = 0; i < count; ++i) {
        utf8proc_uint8_t buffer[4];
        const auto length = utf8proc_encode_char(codes[static_cast<std::size_t>(i)], buffer);
        out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(length));
    }
    codes.clear();
}

void append_decomposed(char32_t code, std::vector<utf8proc_int32_t>& codes) {
    utf8proc_int32_t parts[32];
    int boundary = 0;
    const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE);
    const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts, std::size(parts),
                                               options, &boundary);
    if (count < 1 || count > static_cast<utf8proc_ssize_t>(std::size(parts))) {
        codes.push_back(static_cast<utf8proc_int32_t>(code));
        return;
    }
    codes.insert(codes.end(), parts, parts + count);
}

}  // namespace

std::string to_nfc(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::vector<utf8proc_int32_t> codes;
    for (std::size_t i = 0; i < text.size();) {
        const Utf8Char c = decode_utf8(text.substr(i));
        if (c.valid) {
            append_decomposed(c.code, codes);
        } else {
            append_composed(codes, out);
            out.append(text.substr(i, c.length));
        }
        i += c.length;
    }
    append_composed(codes, out);
    return out;
}

}  // namespace tendril::engine
