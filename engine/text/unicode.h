// SPDX-License-Identifier: Apache-2.0
// Characters and their properties: strict UTF-8 decoding, general categories in one compact table, NFC. Pure;
// a CharTable is immutable after its construction and may be shared between threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tendril::engine {

/// One step through UTF-8. A broken sequence is a step over its maximal subpart (Unicode 15 §3.9) with
/// `valid` false.
struct Utf8Char {
    char32_t code = 0xFFFD;
    std::uint8_t length = 1;  ///< bytes to step, 1 to 4
    bool valid = false;
    bool incomplete = false;  ///< broken only because the text ends: more bytes could complete it
};
/// `text` must not be empty.
Utf8Char decode_utf8(std::string_view text);

/// Properties of a character as bits, enough for all pre-tokenizers' patterns.
enum CharBits : std::uint16_t {
    kCharLetter = 1,        ///< \p{L}
    kCharNumber = 2,        ///< \p{N}
    kCharSpace = 4,         ///< \s: White_Space
    kCharMark = 8,          ///< \p{M}
    kCharPunctuation = 16,  ///< \p{P}
    kCharSymbol = 32,       ///< \p{S}
    kCharUpper = 64,        ///< \p{Lu} or \p{Lt}
    kCharLower = 128,       ///< \p{Ll}
    kCharNewline = 256,     ///< CR or LF
    kCharNormalises = 512,  ///< may change, or change its neighbours, under NFC
};

/// A two-stage table over all code points, made from utf8proc's.
class CharTable {
  public:
    /// The one table, a constant; made at the first call, in some milliseconds.
    static const CharTable& get();
    std::uint16_t bits(char32_t code) const {
        return code > 0x10FFFF ? std::uint16_t{0}
                               : pages_[(std::size_t{index_[code >> 8]} << 8) | (code & 0xFF)];
    }

  private:
    CharTable();
    std::array<std::uint16_t, 0x1100> index_{};
    std::vector<std::uint16_t> pages_;
};

/// False when NFC surely leaves the text as it is: one quick pass.
bool may_need_nfc(const CharTable& table, std::string_view text);
/// Canonical composition in n·log n time; bytes that are not UTF-8 stay as they are.
std::string to_nfc(std::string_view text);

}  // namespace tendril::engine
