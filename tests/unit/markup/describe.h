// SPDX-License-Identifier: Apache-2.0
// Writes blocks as text, one line each, so that a test can say what it expects and a failure can be read.
// Used by tests and the fuzzer.
#pragma once

#include <deque>
#include <string>

#include "ui/markup/block.h"

namespace tendril::ui::markup {

inline std::string narrow(const std::u16string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char32_t c = text[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < text.size()) {
            c = 0x10000 + ((c - 0xD800) << 10) + (text[++i] - 0xDC00U);
        }
        if (c < 0x80) {
            out += c == '\n' ? std::string("\\n") : std::string(1, static_cast<char>(c));
        } else if (c < 0x800) {
            out += {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
        } else if (c < 0x10000) {
            out += {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                    static_cast<char>(0x80 | (c & 0x3F))};
        } else {
            out += {static_cast<char>(0xF0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 0x3F)),
                    static_cast<char>(0x80 | ((c >> 6) & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
        }
    }
    return out;
}

/// "plain{b:bold}{c:code}{:link->address}"
inline std::string describe(const Inline& text) {
    std::string out;
    std::uint32_t at = 0;
    for (const Run& run : text.runs) {
        out += narrow(text.text.substr(at, run.begin - at)) + "{";
        out += (run.style & kBold) != 0 ? "b" : "";
        out += (run.style & kItalic) != 0 ? "i" : "";
        out += (run.style & kStrike) != 0 ? "s" : "";
        out += (run.style & kCode) != 0 ? "c" : "";
        out += (run.style & kImage) != 0 ? "m" : "";
        out += ":" + narrow(text.text.substr(run.begin, run.end - run.begin));
        out += run.link >= 0 ? "->" + text.links[static_cast<std::size_t>(run.link)] : "";
        out += "}";
        at = run.end;
    }
    return out + narrow(text.text.substr(at));
}

inline std::string describe(const Block& block) {
    std::string out;
    for (const Container& container : block.containers) {
        if (container.kind == ContainerKind::quote) {
            out += "> ";
        } else if (!container.opens) {
            out += "  ";
        } else {
            out += container.number >= 0 ? std::to_string(container.number) + ". " : "* ";
            out += container.task == Task::none ? "" : (container.task == Task::done ? "[x] " : "[ ] ");
        }
    }
    switch (block.kind) {
        case BlockKind::paragraph:
            return out + "p " + describe(block.content);
        case BlockKind::heading:
            return out + "h" + std::to_string(block.level) + " " + describe(block.content);
        case BlockKind::code:
            return out + "code(" + block.language + ") " + narrow(block.content.text);
        case BlockKind::rule:
            return out + "rule";
        case BlockKind::table:
            break;
    }
    out += block.table.continued ? "table+" : "table";
    for (const auto& row : block.table.rows) {
        out += " |";
        for (const Inline& cell : row) {
            out += " " + describe(cell) + " |";
        }
    }
    return out;
}

inline std::string describe(const std::deque<Block>& blocks) {
    std::string out;
    for (const Block& block : blocks) {
        out += describe(block) + "\n";
    }
    return out;
}

}  // namespace tendril::ui::markup
