// SPDX-License-Identifier: Apache-2.0
// Says where a growing Markdown text can be cut so that the parts read the same alone as together
// (CommonMark's rules for what may interrupt what). Looks at each line once; where the rules are unclear it
// does not cut. One owner, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tendril::ui::markup {

/// A list item's sign at the beginning of a line.
struct Marker {
    bool item = false;
    bool ordered = false;
    bool has_content = false;
    char sign = 0;  ///< '-', '*', '+', or the character behind the number
    std::int64_t number = 0;
    std::size_t content_indent = 0;  ///< columns at which the item's content starts
};

/// A line that opens a block of code.
struct Fence {
    char sign = 0;  ///< '`' or '~'; 0 = none
    std::size_t length = 0;
    std::size_t indent = 0;
    std::string language;  ///< first word, lower case
};

/// Columns of white space in front of the line's first character; a tab goes to the next multiple of four.
std::size_t indent_of(std::string_view line);
bool is_blank(std::string_view line);
Marker read_marker(std::string_view line);
Fence read_fence(std::string_view line);
bool closes(const Fence& fence, std::string_view line);

class Chunker {
  public:
    enum class Cut : std::uint8_t { none, text, item, code, end_of_code };

    /// Where a line stands. none: in the chunk so far; otherwise a chunk of that kind begins with it, or code
    /// ends with it.
    struct Decision {
        Cut cut = Cut::none;
        bool undecided = false;    ///< the beginning of the line does not say yet
        std::int64_t number = -1;  ///< of an ordered item that goes on with the list before
    };

    /// `complete`: the line feed has arrived. What is decided for a beginning also holds for the whole line.
    Decision decide(std::string_view line, bool complete) const;
    /// Takes note of a whole line, after decide() gave `decision` for it.
    void take(std::string_view line, const Decision& decision);
    /// The next line begins a chunk whatever it is: the chunk so far is too long.
    void force() { forced_ = true; }

    bool in_code() const { return fence_.sign != 0; }
    const Fence& fence() const { return fence_; }

  private:
    enum class Kind : std::uint8_t { text, quote, list, mixed /* a list or quote that may have ended */ };
    Decision decide_item(const Marker& marker, bool fresh) const;
    void note_inner_fence(std::string_view line, std::size_t indent, Cut cut);
    bool inside_item(std::size_t indent) const {
        return (kind_ == Kind::list || kind_ == Kind::mixed) && indent >= list_.content_indent;
    }

    Kind kind_ = Kind::text;
    Marker list_;  ///< of the item that the chunk is
    std::int64_t next_number_ = 0;
    Fence fence_;
    Fence inner_;             ///< open inside the item or quote
    bool fresh_ = true;       ///< the line before was blank, a heading, the end of code, or there was none
    bool bare_item_ = false;  ///< the line before is an item's sign and nothing else
    bool forced_ = false;
};

}  // namespace tendril::ui::markup
