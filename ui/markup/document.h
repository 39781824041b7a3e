// SPDX-License-Identifier: Apache-2.0
// A message's text and the blocks it is read into, growing at its end: only the last open chunk (at most
// kMaxChunkBytes and one line) is read again when text arrives. A value without Qt; one owner, any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "ui/markup/block.h"
#include "ui/markup/chunker.h"

namespace tendril::ui::markup {

class Document {
  public:
    /// Adds UTF-8. Returns the index of the first block that is not as it was before; blocks().size() when
    /// all are.
    std::size_t append(std::string_view utf8);
    /// The text is whole for now: links whose address is defined elsewhere in it are filled in. Returns as
    /// append() does.
    std::size_t finish();

    const std::deque<Block>& blocks() const { return blocks_; }
    const std::string& source() const { return source_; }
    /// The lines of the message that blocks [first, last] were read from, as they stand there.
    std::string_view source_of(std::size_t first, std::size_t last) const;
    std::size_t parsed_bytes() const { return parsed_bytes_; }  ///< since the beginning: the work done

  private:
    struct Part {
        std::size_t begin = 0;     ///< in source_
        std::size_t block = 0;     ///< the index of its first block
        std::int64_t number = -1;  ///< see Chunk::first_number
        std::string prefix;        ///< see Chunk::prefix
        bool code = false;         ///< read line by line, not by md4c
    };

    void take_lines();
    void decide_line(std::string_view line, bool complete);
    void end_line(std::string_view line);
    void start_part(const Chunker::Decision& decision, bool forced);
    void read_part(const Part& part, std::size_t end, std::string_view references, std::deque<Block>& out);
    void note_table(std::string_view line);
    void note_reference(std::string_view line);
    void add_code(std::string_view line, bool complete);
    std::size_t first_difference(std::size_t from, const std::vector<Block>& before) const;

    std::string source_;
    std::deque<Block> blocks_;
    std::vector<Part> parts_{Part{}};  ///< the last one is open
    Chunker chunker_;
    Chunker::Decision decision_;  ///< for the line at line_begin_
    std::size_t line_begin_ = 0;  ///< of the line that is not complete yet
    std::size_t scanned_ = 0;     ///< how far that line has been searched for its end
    bool decided_ = false;
    bool continued_ = false;      ///< that line is the rest of one that was too long
    bool code_line_ = false;      ///< a piece of it is in the code block
    std::size_t code_taken_ = 0;  ///< how much of it, bytes
    std::string table_head_;      ///< heading and delimiter rows of the table that is open
    std::string line_before_;
    std::string references_;
    std::size_t parsed_bytes_ = 0;
};

}  // namespace tendril::ui::markup
