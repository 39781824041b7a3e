// SPDX-License-Identifier: Apache-2.0
// Any bytes as Markdown: bounded, without a crash, and the same whether they come at once or in pieces. The
// first byte says how long the pieces are.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "ui/markup/document.h"
#include "ui/markup/highlighter.h"

using namespace tendril::ui::markup;

namespace {

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "broken: %s\n", what);
        std::abort();
    }
}

const Syntax& syntax() {
    static const Syntax read =
        *read_syntax(R"({"name": "All", "names": ["a"], "keywords": ["if else return"], "keys": true,
        "line_comments": ["//", "#"], "block_comments": [{"open": "/*", "close": "*/"}],
        "strings": [{"open": "\"\"\"", "close": "\"\"\"", "multiline": true}, {"open": "\"", "close": "\"", "escape": "\\"}],
        "lines": [{"start": "+", "kind": "inserted"}, {"start": "@", "kind": "meta", "whole": false}]})");
    return read;
}

const Syntax& markup_syntax() {
    static const Syntax read = *read_syntax(
        R"({"name": "X", "names": ["x"], "markup": true, "block_comments": [{"open": "<!--", "close": "-->"}]})");
    return read;
}

void check_inline(const Inline& text) {
    std::uint32_t at = 0;
    for (const Run& run : text.runs) {
        require(run.begin >= at && run.end > run.begin && run.end <= text.text.size(),
                "runs ascend within the text");
        require(run.link < static_cast<std::int32_t>(text.links.size()), "a run's link exists");
        at = run.end;
    }
    for (const char16_t c : text.text) {
        require(c != 0 && c != 0x202E && c != 0x202D && c != 0xFFFC && c != 0x2029, "text is clean");
    }
}

void check_code(const Block& block, const Syntax& language) {
    LineState state = 0;
    for (std::size_t i = 0; i < block.lines.size(); ++i) {
        const std::size_t begin = block.lines[i];
        const std::size_t end = i + 1 < block.lines.size() ? block.lines[i + 1] : block.content.text.size();
        require(begin <= end && end <= block.content.text.size(), "lines ascend");
        std::vector<Token> tokens;
        state = highlight_line(language, std::u16string_view(block.content.text).substr(begin, end - begin),
                               state, tokens);
        std::uint32_t at = 0;
        for (const Token& token : tokens) {
            require(token.begin >= at && token.end > token.begin && token.end <= end - begin,
                    "tokens ascend");
            at = token.end;
        }
    }
}

void check(const Document& document) {
    for (const Block& block : document.blocks()) {
        require(block.containers.size() <= kMaxNesting, "nesting is bounded");
        require(block.source_begin <= block.source_end && block.source_end <= document.source().size(),
                "source is inside");
        check_inline(block.content);
        if (block.kind == BlockKind::code) {
            check_code(block, syntax());
            check_code(block, markup_syntax());
        }
        for (const auto& row : block.table.rows) {
            for (const Inline& cell : row) {
                check_inline(cell);
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    Document once;
    once.append(text);
    check(once);
    const std::size_t step = 1 + data[0] % 32 + text.size() / 24;  // two dozen pieces at most
    Document grown;
    std::vector<Block> shown;
    for (std::size_t at = 0; at < text.size(); at += step) {
        const std::size_t before = grown.parsed_bytes();
        const std::size_t changed = grown.append(text.substr(at, step));
        require(grown.parsed_bytes() - before <= 4 * kMaxChunkBytes + 4 * step + 4'096,
                "work per piece is bounded");
        require(changed <= grown.blocks().size(), "the first change is inside");
        shown.resize(changed < shown.size() ? changed : shown.size());
        require(shown.size() == changed, "blocks before the first change were there");
        shown.insert(shown.end(), grown.blocks().begin() + static_cast<std::ptrdiff_t>(changed),
                     grown.blocks().end());
    }
    require(grown.blocks() == once.blocks(), "in pieces as at once");
    require(std::equal(shown.begin(), shown.end(), grown.blocks().begin(), grown.blocks().end()),
            "changes are told");
    grown.finish();
    once.finish();
    require(grown.blocks() == once.blocks(), "finished in pieces as at once");
    check(once);
    return 0;
}
