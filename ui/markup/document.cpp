// SPDX-License-Identifier: Apache-2.0
// A message's text and the blocks it is read into, growing at its end. A value without Qt; one owner, any
// thread.
#include "ui/markup/document.h"

#include <algorithm>
#include <utility>

#include "ui/markup/block_builder.h"
#include "ui/markup/patch.h"
#include "ui/markup/unicode.h"

namespace tendril::ui::markup {
namespace {

constexpr std::size_t kMaxTableHead = 2048;
constexpr std::size_t kMaxReferences = 16 * 1024;
constexpr std::size_t kMaxReferenceWork =
    4 * 1024 * 1024;                      // bytes read again by finish(): a text full of brackets stays cheap
constexpr std::size_t kWordSearch = 256;  // how far back an overlong line is searched for a space

/// "[label]: address", but not a footnote's "[^1]: text", which md4c would swallow.
bool defines_reference(std::string_view line) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos || begin > 3 || line[begin] != '[' || line.size() > 1024) {
        return false;
    }
    const std::size_t end = line.find(']', begin);
    return end != std::string_view::npos && line.substr(end).starts_with("]:") && line[begin + 1] != '^';
}

/// Where to cut a line that is longer than a chunk may be: behind a space, else between two characters.
std::size_t cut_in_line(std::string_view line) {
    const std::string_view head = line.substr(0, kMaxChunkBytes);
    const std::size_t space = head.rfind(' ');
    if (space != std::string_view::npos && space + kWordSearch > kMaxChunkBytes) {
        return space + 1;
    }
    return head.size() - incomplete_tail(head);
}

}  // namespace

std::size_t Document::append(std::string_view utf8) {
    const bool in_code = parts_.back().code;
    const std::size_t first = in_code ? blocks_.size() - 1 : parts_.back().block;
    std::vector<Block> before;
    if (!in_code) {
        before.assign(std::make_move_iterator(blocks_.begin() + static_cast<std::ptrdiff_t>(first)),
                      std::make_move_iterator(blocks_.end()));
        blocks_.resize(first);
    }
    source_.append(utf8);
    take_lines();
    const std::string_view tail = std::string_view(source_).substr(line_begin_);
    if (!tail.empty() && !decided_) {
        decide_line(tail, false);
    }
    if (parts_.back().code) {
        add_code(tail, false);
    } else {
        read_part(parts_.back(), source_.size(), {}, blocks_);
    }
    return in_code ? first : first_difference(first, before);
}

std::size_t Document::first_difference(std::size_t from, const std::vector<Block>& before) const {
    std::size_t same = 0;
    while (same < before.size() && from + same < blocks_.size() && blocks_[from + same] == before[same]) {
        ++same;
    }
    return from + same;
}

void Document::take_lines() {
    for (;;) {
        const std::size_t newline = source_.find('\n', std::max(line_begin_, scanned_));
        const std::size_t end = newline == std::string::npos ? source_.size() : newline + 1;
        if (!parts_.back().code && end - line_begin_ > kMaxChunkBytes) {
            const std::string line =
                source_.substr(line_begin_, cut_in_line(std::string_view(source_).substr(line_begin_)));
            decide_line(line, true);
            end_line(line);
            continued_ = true;
            continue;
        }
        scanned_ = end;
        if (newline == std::string::npos) {
            return;
        }
        const std::string_view line = std::string_view(source_).substr(line_begin_, end - line_begin_);
        if (!decided_) {
            decide_line(line, true);
        } else if (parts_.back().code) {
            decision_ = chunker_.decide(line, true);
        }
        end_line(line);
    }
}

/// Finds out where the line stands, and starts the part that begins with it.
void Document::decide_line(std::string_view line, bool complete) {
    const bool full = !parts_.back().code && line_begin_ - parts_.back().begin >= kMaxChunkBytes;
    const bool forced = full || continued_;
    if (forced) {
        chunker_.force();
    }
    decision_ = chunker_.decide(line, complete);
    if (continued_) {
        decision_ = {Chunker::Cut::text};  // the middle of a line is text, whatever it looks like
    }
    if (decision_.undecided) {
        return;
    }
    decided_ = true;
    if (decision_.cut != Chunker::Cut::none && decision_.cut != Chunker::Cut::end_of_code) {
        start_part(decision_, full && !continued_);
    }
}

void Document::start_part(const Chunker::Decision& decision, bool forced) {
    Part& open = parts_.back();
    const bool goes_on = forced && decision.cut == Chunker::Cut::text && !table_head_.empty();
    if (!open.code) {
        if (line_begin_ > open.begin) {
            read_part(open, line_begin_, {}, blocks_);
        } else if (decision.cut != Chunker::Cut::code) {
            open.number = decision.number;  // the part is empty: it becomes this one
            return;
        }
    }
    parts_.push_back({line_begin_, blocks_.size(), decision.number, goes_on ? table_head_ : std::string(),
                      decision.cut == Chunker::Cut::code});
    if (!goes_on) {
        table_head_.clear();
    }
}

void Document::end_line(std::string_view line) {
    if (decision_.cut == Chunker::Cut::code) {
        chunker_.take(line, decision_);
        Block block;
        block.kind = BlockKind::code;
        block.language = chunker_.fence().language;
        block.source_begin = line_begin_;
        block.source_end = line_begin_ + line.size() - 1;
        blocks_.push_back(std::move(block));
    } else {
        if (parts_.back().code) {
            if (decision_.cut == Chunker::Cut::end_of_code) {
                blocks_.back().source_end = line_begin_ + line.size() - 1;
                parts_.push_back({line_begin_ + line.size(), blocks_.size(), -1, {}, false});
            } else {
                add_code(line, true);
            }
        } else {
            note_table(line);
            note_reference(line);
        }
        chunker_.take(line, decision_);
    }
    line_begin_ += line.size();
    scanned_ = line_begin_;
    decided_ = false;
    continued_ = false;
    code_line_ = false;
    code_taken_ = 0;
}

void Document::note_table(std::string_view line) {
    if (is_blank(line)) {
        table_head_.clear();
    } else if (table_head_.empty() && is_table_delimiter(line) &&
               line_before_.find('|') != std::string::npos) {
        table_head_ = line_before_ + std::string(line);
        if (Patched patched = patch(table_head_); !patched.insertions.empty()) {
            table_head_ = std::move(patched.text);
        }
        if (table_head_.size() > kMaxTableHead) {
            table_head_.clear();
        }
    }
    line_before_ = line.size() < kMaxTableHead ? std::string(line) : std::string();
}

void Document::note_reference(std::string_view line) {
    if (defines_reference(line) && references_.size() + line.size() <= kMaxReferences) {
        references_ += line;
    }
}

void Document::read_part(const Part& part, std::size_t end, std::string_view references,
                         std::deque<Block>& out) {
    if (end <= part.begin) {
        return;
    }
    const std::string_view text = std::string_view(source_).substr(part.begin, end - part.begin);
    parsed_bytes_ += text.size() + part.prefix.size() + references.size();
    build_blocks({text, part.prefix, references, part.begin, part.number}, out);
}

/// Puts a line, or what has arrived of it, into the open code block. A beginning that may turn out to be the
/// closing fence waits.
void Document::add_code(std::string_view line, bool complete) {
    if (blocks_.empty() || !chunker_.in_code()) {
        return;  // the fence's own line has not ended
    }
    const char fence_signs[] = {chunker_.fence().sign, ' ', '\t', '\r', 0};
    if (!complete && code_taken_ == 0 && line.find_first_not_of(fence_signs) == std::string_view::npos) {
        return;
    }
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
        line.remove_suffix(1);
    }
    const std::size_t spaces = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t start = std::max(code_taken_, std::min(spaces, chunker_.fence().indent));
    std::string_view piece = line.substr(std::min(start, line.size()));
    if (!complete) {
        piece.remove_suffix(incomplete_tail(piece));
    }
    Block& block = blocks_.back();
    if (!code_line_) {
        block.lines.push_back(static_cast<std::uint32_t>(block.content.text.size()));
        code_line_ = true;
    }
    parsed_bytes_ += piece.size();
    append_clean(block.content.text, piece, true);
    code_taken_ = start + piece.size();
    if (complete) {
        block.content.text.push_back(u'\n');
    }
    block.source_end = line_begin_ + line.size();
}

std::size_t Document::finish() {
    const std::string_view tail = std::string_view(source_).substr(line_begin_);
    if (parts_.back().code && chunker_.in_code() && closes(chunker_.fence(), tail)) {
        blocks_.back().source_end = source_.size();
    }
    if (!parts_.back().code) {
        note_reference(tail);
    }
    if (references_.empty()) {
        return blocks_.size();
    }
    std::deque<Block> old = std::exchange(blocks_, {});
    std::size_t first = old.size();
    std::size_t work = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        Part& part = parts_[i];
        const std::size_t end = i + 1 < parts_.size() ? parts_[i + 1].begin : source_.size();
        const std::size_t block_end = i + 1 < parts_.size() ? parts_[i + 1].block : old.size();
        const std::size_t block_begin = std::exchange(part.block, blocks_.size());
        const std::string_view text = std::string_view(source_).substr(part.begin, end - part.begin);
        const bool uses = !part.code && text.find('[') != std::string_view::npos &&
                          text.find(']') != std::string_view::npos;
        work += uses ? text.size() + references_.size() : 0;
        if (uses && work <= kMaxReferenceWork) {
            read_part(part, end, references_, blocks_);
            const std::size_t count = blocks_.size() - part.block;
            const bool same = count == block_end - block_begin &&
                              std::equal(old.begin() + static_cast<std::ptrdiff_t>(block_begin),
                                         old.begin() + static_cast<std::ptrdiff_t>(block_end),
                                         blocks_.end() - static_cast<std::ptrdiff_t>(count));
            first = same ? first : std::min(first, part.block);
        } else {
            std::move(old.begin() + static_cast<std::ptrdiff_t>(block_begin),
                      old.begin() + static_cast<std::ptrdiff_t>(block_end), std::back_inserter(blocks_));
        }
    }
    return std::min(first, blocks_.size());
}

std::string_view Document::source_of(std::size_t first, std::size_t last) const {
    if (first >= blocks_.size() || last >= blocks_.size() || last < first) {
        return {};
    }
    const std::size_t begin = blocks_[first].source_begin;
    const std::size_t end = std::clamp(blocks_[last].source_end, begin, source_.size());
    return std::string_view(source_).substr(begin, end - begin);
}

}  // namespace tendril::ui::markup
