// SPDX-License-Identifier: Apache-2.0
// Sets of code points. Pure; any thread.
#include "engine/sample/grammar/code_points.h"

#include <algorithm>
#include <initializer_list>

namespace tendril::engine::grammar {
namespace {

void append_without_surrogates(CodeRange range, std::vector<CodeRange>& out) {
    if (range.first < 0xD800) {
        out.push_back({range.first, std::min<char32_t>(range.last, 0xD7FF)});
    }
    if (range.last > 0xDFFF) {
        out.push_back({std::max<char32_t>(range.first, 0xE000), range.last});
    }
}

ByteRun run_of(CodeRange range) {
    std::string first;
    std::string last;
    append_utf8(range.first, first);
    append_utf8(range.last, last);
    ByteRun run;
    run.length = first.size();
    for (std::size_t i = 0; i < first.size(); ++i) {
        run.bytes[i] = {static_cast<std::uint8_t>(first[i]), static_cast<std::uint8_t>(last[i])};
    }
    return run;
}

/// The last code point in front of the first cut inside the range, or its end.
char32_t first_piece_end(CodeRange range) {
    for (const char32_t boundary : {char32_t{0x7F}, char32_t{0x7FF}, char32_t{0xD7FF}, char32_t{0xFFFF}}) {
        if (range.first <= boundary && boundary < range.last) {
            return boundary;
        }
    }
    for (unsigned bytes = 1; bytes < 4 && range.last > 0x7F; ++bytes) {
        const char32_t mask = (char32_t{1} << (6 * bytes)) - 1;
        if ((range.first & ~mask) == (range.last & ~mask)) {
            break;
        }
        if ((range.first & mask) != 0) {
            return range.first | mask;
        }
        if ((range.last & mask) != mask) {
            return (range.last & ~mask) - 1;
        }
    }
    return range.last;
}

}  // namespace

void append_utf8(char32_t code, std::string& out) {
    const auto continuation = [code](unsigned shift) {
        return static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
    };
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0U | (code >> 6U));
        out += continuation(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0U | (code >> 12U));
        out += continuation(6);
        out += continuation(0);
    } else {
        out += static_cast<char>(0xF0U | (code >> 18U));
        out += continuation(12);
        out += continuation(6);
        out += continuation(0);
    }
}

std::vector<CodeRange> normalised(std::vector<CodeRange> ranges) {
    std::vector<CodeRange> valid;
    for (const CodeRange& range : ranges) {
        append_without_surrogates(range, valid);
    }
    std::sort(valid.begin(), valid.end(),
              [](const CodeRange& a, const CodeRange& b) { return a.first < b.first; });
    std::vector<CodeRange> out;
    for (const CodeRange& range : valid) {
        if (!out.empty() && range.first <= out.back().last + 1) {
            out.back().last = std::max(out.back().last, range.last);
        } else {
            out.push_back(range);
        }
    }
    return out;
}

std::vector<CodeRange> complement(std::vector<CodeRange> ranges) {
    std::vector<CodeRange> out;
    char32_t next = 0;
    for (const CodeRange& range : normalised(std::move(ranges))) {
        if (range.first > next) {
            append_without_surrogates({next, range.first - 1}, out);
        }
        next = range.last + 1;
    }
    if (next <= kLastCodePoint) {
        append_without_surrogates({next, kLastCodePoint}, out);
    }
    return out;
}

std::vector<ByteRun> utf8_runs(const std::vector<CodeRange>& ranges) {
    std::vector<ByteRun> runs;
    for (CodeRange range : ranges) {
        while (true) {
            const char32_t end = first_piece_end(range);
            runs.push_back(run_of({range.first, end}));
            if (end == range.last) {
                break;
            }
            range.first = end + 1;
        }
    }
    return runs;
}

}  // namespace tendril::engine::grammar
