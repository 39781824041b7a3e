// SPDX-License-Identifier: Apache-2.0
// See chunks.h. First blocks (headings, paragraphs, fenced code), long ones cut into pieces; then as many of
// them to a chunk as fit.
#include "prompt/retrieval/chunks.h"

#include <algorithm>

namespace tendril::prompt {
namespace {

struct Block {
    std::size_t begin, end;
    bool heading = false;
    bool continues = false;  ///< the piece before it is of the same paragraph
};

constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_blank(char c) {
    return kBlanks.find(c) != std::string_view::npos;
}

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::string_view trimmed_left(std::string_view line) {
    const auto at = line.find_first_not_of(" \t");
    return at == std::string_view::npos ? std::string_view() : line.substr(at);
}

/// "# Heading", up to six.
bool is_heading(std::string_view line) {
    const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
    return marks >= 1 && marks <= 6 && marks < line.size() && line[marks] == ' ';
}

/// "```" or "~~~", with what follows it.
std::string_view fence_of(std::string_view line) {
    line = trimmed_left(line);
    for (const char mark : {'`', '~'}) {
        const std::size_t length = std::min(line.find_first_not_of(mark), line.size());
        if (length >= 3) {
            return line.substr(0, length);
        }
    }
    return {};
}

/// Blocks in order; no blanks at their ends.
class Blocks {
  public:
    explicit Blocks(std::string_view text) : text_(text) {}

    std::vector<Block> take() {
        for (std::size_t at = 0; at < text_.size();) {
            const std::size_t end = std::min(text_.find('\n', at), text_.size());
            line(at, end);
            at = end + 1;
        }
        close();
        return std::move(blocks_);
    }

  private:
    void line(std::size_t begin, std::size_t end) {
        const std::string_view words = text_.substr(begin, end - begin);
        if (!fence_.empty()) {
            end_ = end;
            if (const auto fence = fence_of(words); fence.starts_with(fence_)) {
                close();
            }
            return;
        }
        if (const auto fence = fence_of(words); !fence.empty()) {
            close();
            fence_ = fence;
        } else if (words.find_first_not_of(kBlanks) == std::string_view::npos) {
            close();
            return;
        } else if (is_heading(words)) {
            close();
            blocks_.push_back({begin, end, true});
            return;
        }
        begin_ = open_ ? begin_ : begin;
        end_ = end;
        open_ = true;
    }
    void close() {
        if (open_) {
            while (end_ > begin_ && is_blank(text_[end_ - 1])) {
                --end_;
            }
            blocks_.push_back({begin_, end_});
        }
        open_ = false;
        fence_ = {};
    }

    std::string_view text_;
    std::vector<Block> blocks_;
    std::size_t begin_ = 0, end_ = 0;
    bool open_ = false;
    std::string_view fence_;  // of the code block that is open
};

/// Whether a sentence ends before `at`: a mark and a blank, a wide mark, or the end of a line.
bool ends_sentence(std::string_view text, std::size_t at) {
    if (at == 0 || at >= text.size()) {
        return false;
    }
    const char before = text[at - 1];
    if (before == '\n') {
        return true;
    }
    if (at >= 2 && is_blank(before) &&
        std::string_view(".!?:;").find(text[at - 2]) != std::string_view::npos) {
        return true;
    }
    const std::string_view last = at >= 3 ? text.substr(at - 3, 3) : std::string_view();
    return last == "\xE3\x80\x82" || last == "\xEF\xBC\x81" || last == "\xEF\xBC\x9F" ||
           last == "\xEF\xBC\x9B";  // 。！？；
}

/// Where to cut a stretch that goes on behind `most` bytes: behind the last sentence of its second half, else
/// behind its last blank, else between two characters.
std::size_t cut_of(std::string_view text, std::size_t begin, std::size_t most) {
    const std::size_t end = begin + most;
    std::size_t blank = 0;
    for (std::size_t at = end; at > begin + most / 2; --at) {
        if (ends_sentence(text, at)) {
            return at;
        }
        if (blank == 0 && is_blank(text[at - 1])) {
            blank = at;
        }
    }
    if (blank != 0) {
        return blank;
    }
    std::size_t at = end;
    while (at > begin + 1 && continues_character(text[at])) {
        --at;
    }
    return at == begin + 1 ? end : at;  // no UTF-8: anywhere
}

/// Long blocks in pieces of at most `target` bytes.
std::vector<Block> cut_long(std::string_view text, const std::vector<Block>& blocks,
                            const ChunkSettings& settings) {
    std::vector<Block> pieces;
    for (const Block& block : blocks) {
        Block rest = block;
        while (rest.end - rest.begin > settings.most) {
            const std::size_t cut = cut_of(text, rest.begin, settings.target);
            Block piece = rest;
            for (piece.end = cut; piece.end > piece.begin && is_blank(text[piece.end - 1]);) {
                --piece.end;
            }
            if (piece.end > piece.begin) {
                pieces.push_back(piece);
            }
            rest = {cut, block.end, false, true};
            while (rest.begin < rest.end && is_blank(text[rest.begin])) {
                ++rest.begin;
            }
        }
        if (rest.begin < rest.end) {
            pieces.push_back(rest);
        }
    }
    return pieces;
}

/// Where the overlap of a chunk begins whose first piece begins at `begin`: a sentence at most `overlap`
/// before it.
std::size_t overlap_of(std::string_view text, std::size_t from, std::size_t begin, std::size_t overlap) {
    const std::size_t first = begin - std::min(overlap, begin - from);
    std::size_t word = begin;
    for (std::size_t at = first; at < begin; ++at) {
        if (continues_character(text[at]) || is_blank(text[at])) {
            continue;
        }
        if (at == from || ends_sentence(text, at)) {
            return at;
        }
        if (word == begin && at > 0 && is_blank(text[at - 1])) {
            word = at;
        }
    }
    return word;
}

}  // namespace

std::vector<Chunk> split_chunks(std::string_view text, const ChunkSettings& settings) {
    const std::vector<Block> blocks = cut_long(text, Blocks(text).take(), settings);
    std::vector<Chunk> chunks;
    std::size_t first = 0;
    for (std::size_t i = 1; i <= blocks.size(); ++i) {
        std::size_t last = i;  // behind the last block of the chunk, if it is closed now
        if (i < blocks.size()) {
            const std::size_t size = blocks[i - 1].end - blocks[first].begin;
            const std::size_t with = blocks[i].end - blocks[first].begin;
            const bool only_headings = blocks[i - 1].heading;
            const bool section = blocks[i].heading && !only_headings && size * 3 >= settings.target;
            const bool fits = with <= (only_headings ? settings.most : settings.target);
            if (fits && !section) {
                continue;
            }
            while (last > first + 1 && blocks[last - 1].heading) {
                --last;  // a heading stands with what it is the heading of
            }
        }
        Chunk chunk{blocks[first].begin, blocks[last - 1].end};
        if (blocks[first].continues && !chunks.empty()) {
            const std::size_t begin =
                overlap_of(text, chunks.back().begin, chunk.begin, std::min(settings.overlap, settings.most));
            chunk.begin =
                chunk.end - begin <= settings.most && begin > chunks.back().begin ? begin : chunk.begin;
        }
        chunks.push_back(chunk);
        first = last;
        i = last;
    }
    return chunks;
}

std::string excerpts(std::string_view text, const std::vector<Chunk>& chunks) {
    std::string out;
    std::size_t end = 0;
    bool any = false;
    for (const Chunk& chunk : chunks) {
        if (chunk.end > text.size() || chunk.begin >= chunk.end || (any && chunk.end <= end)) {
            continue;
        }
        const std::size_t from = any ? std::max(chunk.begin, end) : chunk.begin;
        const std::string_view between = any ? text.substr(end, from - end) : std::string_view();
        const bool whole = between.find_first_not_of(kBlanks) == std::string_view::npos;
        if (any || from > 0) {
            out += any && whole ? std::string(between) : std::string(any ? "\n[…]\n" : "");
        }
        out += text.substr(from, chunk.end - from);
        end = chunk.end;
        any = true;
    }
    return out;
}

}  // namespace tendril::prompt
