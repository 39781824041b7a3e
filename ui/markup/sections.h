// SPDX-License-Identifier: Apache-2.0
// A text of one or more sections that grow side by side, each at its own end, and the blocks of all of them
// in order: the points of an answer while they are written. An ordinary message is one section. A value
// without Qt; one owner, any thread.
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "ui/markup/document.h"

namespace tendril::ui::markup {

/// Blocks [first, first + removed) have become [first, first + added). The block at `first` may be the one
/// that was there, grown.
struct BlockChange {
    std::size_t first = 0;
    std::size_t removed = 0;
    std::size_t added = 0;
    /// Where the block at `at` stands afterwards: itself, a neighbour in the same stretch, or moved along.
    std::size_t moved(std::size_t at) const;
};

class Sections {
  public:
    explicit Sections(std::size_t count = 1);

    BlockChange append(std::size_t section, std::string_view utf8);
    /// Each section is whole for now; see Document::finish().
    BlockChange finish();

    std::size_t sections() const { return documents_.size(); }
    std::size_t size() const { return begins_.back(); }  ///< how many blocks
    bool empty() const { return size() == 0; }
    const Block& operator[](std::size_t i) const;
    const Block& back() const { return (*this)[size() - 1]; }
    std::size_t section_of(std::size_t block) const;  ///< the last one for a block that is not there
    std::size_t begin_of(std::size_t section) const { return begins_[section]; }  ///< its first block
    /// As Document::source_of(); a blank line between sections.
    std::string source_of(std::size_t first, std::size_t last) const;
    std::size_t parsed_bytes() const;  ///< since the beginning: the work done

    class Iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Block;
        using difference_type = std::ptrdiff_t;
        using pointer = const Block*;
        using reference = const Block&;
        Iterator(const Sections& of, std::size_t at) : of_(&of), at_(at) {}
        const Block& operator*() const { return (*of_)[at_]; }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

      private:
        const Sections* of_;
        std::size_t at_;
    };
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, size()}; }

  private:
    std::vector<Document> documents_;
    std::vector<std::size_t> begins_;  ///< [section], and the end
};

/// Whether two blocks look the same, wherever they were read from.
bool looks_same(const Block& a, const Block& b);

}  // namespace tendril::ui::markup
