// SPDX-License-Identifier: Apache-2.0
// Whole characters out of bytes that arrive in pieces. One owner, no locking. See utf8_stream.h.
#include "engine/text/utf8_stream.h"

#include "engine/text/unicode.h"

namespace tendril::engine {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Appends what is complete in `text`; returns where an unfinished character begins (or the end).
std::size_t append_complete(std::string_view text, std::string& out) {
    std::size_t start = 0;  // of the valid stretch that is not yet copied
    for (std::size_t i = 0; i < text.size();) {
        if (static_cast<unsigned char>(text[i]) < 0x80) {
            ++i;
            continue;
        }
        const Utf8Char c = decode_utf8(text.substr(i));
        if (!c.valid) {
            out.append(text.substr(start, i - start));
            if (c.incomplete) {
                return i;
            }
            out.append(kReplacement);
            start = i + c.length;
        }
        i += c.length;
    }
    out.append(text.substr(start));
    return text.size();
}

}  // namespace

void Utf8Stream::push(std::string_view bytes, std::string& out) {
    // At most three bytes wait; they are completed (or broken) one byte at a time, the rest goes through in
    // one pass.
    while (!pending_.empty() && !bytes.empty()) {
        pending_.push_back(bytes.front());
        bytes.remove_prefix(1);
        const std::size_t rest = append_complete(pending_, out);
        pending_.erase(0, rest);
    }
    if (bytes.empty()) {
        return;
    }
    const std::size_t rest = append_complete(bytes, out);
    pending_.assign(bytes.substr(rest));
}

void Utf8Stream::finish(std::string& out) {
    if (!pending_.empty()) {
        out.append(kReplacement);  // what waits is one maximal subpart
        pending_.clear();
    }
}

std::string to_valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    Utf8Stream stream;
    stream.push(text, out);
    stream.finish(out);
    return out;
}

bool is_valid_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        if (static_cast<unsigned char>(text[i]) < 0x80) {
            ++i;
            continue;
        }
        const Utf8Char c = decode_utf8(text.substr(i));
        if (!c.valid) {
            return false;
        }
        i += c.length;
    }
    return true;
}

}  // namespace tendril::engine
