// SPDX-License-Identifier: Apache-2.0
// From the bytes of a file to UTF-8: which encoding it is in, or why it is no text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "engine/result.h"

namespace tendril::app {

struct DecodedText {
    std::string text;       ///< valid UTF-8, "\n" between lines, without byte order mark and NUL
    std::string encoding;   ///< "UTF-8", "UTF-16", "Windows-1252", ...
    bool repaired = false;  ///< a few broken characters were replaced by U+FFFD
};

/// Error, `name` in its words: what kind of file it is when it is no text, or that its encoding cannot be
/// told.
Result<DecodedText> decode_text(std::string_view bytes, std::string_view name);

}  // namespace tendril::app
