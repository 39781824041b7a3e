// SPDX-License-Identifier: Apache-2.0
// Characters of Unicode 15.1 and 16 that an older utf8proc does not know, with the properties that Hugging
// Face's tokenizers (Oniguruma, Unicode 16) give them. Constants only. Private to engine/text.
#pragma once

#include "engine/text/unicode.h"

namespace tendril::engine {

struct CharRange {
    char32_t first, last;
    int bits;
};

inline constexpr CharRange kUnicodeAdditions[] = {
    {0x897, 0x897, kCharMark},
    {0x1B4E, 0x1B4F, kCharPunctuation},
    {0x1B7F, 0x1B7F, kCharPunctuation},
    {0x1C89, 0x1C89, kCharLetter | kCharUpper},
    {0x1C8A, 0x1C8A, kCharLetter | kCharLower},
    {0x2427, 0x2429, kCharSymbol},
    {0x2FFC, 0x2FFF, kCharSymbol},
    {0x31E4, 0x31E5, kCharSymbol},
    {0x31EF, 0x31EF, kCharSymbol},
    {0xA7CB, 0xA7CC, kCharLetter | kCharUpper},
    {0xA7CD, 0xA7CD, kCharLetter | kCharLower},
    {0xA7DA, 0xA7DA, kCharLetter | kCharUpper},
    {0xA7DB, 0xA7DB, kCharLetter | kCharLower},
    {0xA7DC, 0xA7DC, kCharLetter | kCharUpper},
    {0x105C0, 0x105F3, kCharLetter},
    {0x10D40, 0x10D49, kCharNumber},
    {0x10D4A, 0x10D4F, kCharLetter},
    {0x10D50, 0x10D65, kCharLetter | kCharUpper},
    {0x10D69, 0x10D6D, kCharMark},
    {0x10D6E, 0x10D6E, kCharPunctuation},
    {0x10D6F, 0x10D6F, kCharLetter},
    {0x10D70, 0x10D85, kCharLetter | kCharLower},
    {0x10D8E, 0x10D8F, kCharSymbol},
    {0x10EC2, 0x10EC4, kCharLetter},
    {0x10EFC, 0x10EFC, kCharMark},
    {0x11380, 0x11389, kCharLetter},
    {0x1138B, 0x1138B, kCharLetter},
    {0x1138E, 0x1138E, kCharLetter},
    {0x11390, 0x113B5, kCharLetter},
    {0x113B7, 0x113B7, kCharLetter},
    {0x113B8, 0x113C0, kCharMark},
    {0x113C2, 0x113C2, kCharMark},
    {0x113C5, 0x113C5, kCharMark},
    {0x113C7, 0x113CA, kCharMark},
    {0x113CC, 0x113D0, kCharMark},
    {0x113D1, 0x113D1, kCharLetter},
    {0x113D2, 0x113D2, kCharMark},
    {0x113D3, 0x113D3, kCharLetter},
    {0x113D4, 0x113D5, kCharPunctuation},
    {0x113D7, 0x113D8, kCharPunctuation},
    {0x113E1, 0x113E2, kCharMark},
    {0x116D0, 0x116E3, kCharNumber},
    {0x11BC0, 0x11BE0, kCharLetter},
    {0x11BE1, 0x11BE1, kCharPunctuation},
    {0x11BF0, 0x11BF9, kCharNumber},
    {0x11F5A, 0x11F5A, kCharMark},
    {0x13460, 0x143FA, kCharLetter},
    {0x16100, 0x1611D, kCharLetter},
    {0x1611E, 0x1612F, kCharMark},
    {0x16130, 0x16139, kCharNumber},
    {0x16D40, 0x16D6C, kCharLetter},
    {0x16D6D, 0x16D6F, kCharPunctuation},
    {0x16D70, 0x16D79, kCharNumber},
    {0x18CFF, 0x18CFF, kCharLetter},
    {0x1CC00, 0x1CCEF, kCharSymbol},
    {0x1CCF0, 0x1CCF9, kCharNumber},
    {0x1CD00, 0x1CEB3, kCharSymbol},
    {0x1E5D0, 0x1E5ED, kCharLetter},
    {0x1E5EE, 0x1E5EF, kCharMark},
    {0x1E5F0, 0x1E5F0, kCharLetter},
    {0x1E5F1, 0x1E5FA, kCharNumber},
    {0x1E5FF, 0x1E5FF, kCharPunctuation},
    {0x1F8B2, 0x1F8BB, kCharSymbol},
    {0x1F8C0, 0x1F8C1, kCharSymbol},
    {0x1FA89, 0x1FA89, kCharSymbol},
    {0x1FA8F, 0x1FA8F, kCharSymbol},
    {0x1FABE, 0x1FABE, kCharSymbol},
    {0x1FAC6, 0x1FAC6, kCharSymbol},
    {0x1FADC, 0x1FADC, kCharSymbol},
    {0x1FADF, 0x1FADF, kCharSymbol},
    {0x1FAE9, 0x1FAE9, kCharSymbol},
    {0x1FBCB, 0x1FBEF, kCharSymbol},
    {0x2EBF0, 0x2EE5D, kCharLetter},
};

}  // namespace tendril::engine
