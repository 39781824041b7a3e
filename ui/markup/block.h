// SPDX-License-Identifier: Apache-2.0
// What a message looks like once its Markdown is read: a flat list of leaf blocks, each with the containers
// it stands in. Plain values, safe from any thread; owned by the Document that made them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tendril::ui::markup {

inline constexpr std::size_t kMaxNesting = 10;         ///< deeper quotes and lists are shown at this depth
inline constexpr std::size_t kMaxTableCells = 20'000;  ///< a table that has more is shown as text
inline constexpr std::size_t kMaxTableColumns = 128;
inline constexpr std::size_t kMaxChunkBytes = 16 * 1024;  ///< the most that is read again when text arrives

enum class BlockKind : std::uint8_t { paragraph, heading, code, table, rule };
enum class ContainerKind : std::uint8_t { quote, item };
enum class Task : std::uint8_t { none, open, done };
enum class Align : std::uint8_t { left, center, right };

/// A quote or a list item around a leaf block.
struct Container {
    ContainerKind kind = ContainerKind::quote;
    std::int64_t number = -1;  ///< of an ordered item; -1 = bullet
    Task task = Task::none;
    bool opens = false;  ///< this leaf is the item's first: its marker is drawn beside it
    bool operator==(const Container&) const = default;
};

enum Style : std::uint8_t { kBold = 1, kItalic = 2, kStrike = 4, kCode = 8, kImage = 16 };

/// Characters [begin, end) of a text that share a style.
struct Run {
    std::uint32_t begin = 0;  // UTF-16 units
    std::uint32_t end = 0;
    std::uint8_t style = 0;  ///< of Style
    std::int32_t link = -1;  ///< index into the inline text's links
    bool operator==(const Run&) const = default;
};

/// Text with styles. UTF-16, because that is what is laid out. Cleaned: no NUL, no overrides of the writing
/// direction.
struct Inline {
    std::u16string text;
    std::vector<Run> runs;           ///< ascending, only where there is a style or a link
    std::vector<std::string> links;  ///< addresses as written, UTF-8; never opened or loaded here
    bool operator==(const Inline&) const = default;
};

struct Table {
    std::vector<Align> columns;
    std::vector<std::vector<Inline>> rows;  ///< [row][column]; the first is the heading unless continued
    bool continued = false;  ///< goes on with a table that was too long for one block: no heading row
    bool operator==(const Table&) const = default;
};

struct Block {
    BlockKind kind = BlockKind::paragraph;
    std::uint8_t level = 0;             ///< of a heading, 1 to 6
    std::vector<Container> containers;  ///< outermost first, at most kMaxNesting
    Inline content;                     ///< paragraph, heading; of code only the text, lines end in '\n'
    std::vector<std::uint32_t> lines;   ///< of code: where each line starts in the text
    std::string language;               ///< of code: the first word behind the fence, lower case
    Table table;
    std::size_t source_begin = 0;  ///< the whole lines of the message that it came from, bytes
    std::size_t source_end = 0;
    bool operator==(const Block&) const = default;
};

}  // namespace tendril::ui::markup
