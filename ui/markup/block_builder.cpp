// SPDX-License-Identifier: Apache-2.0
// Reads one chunk of Markdown with md4c and makes blocks of it. A pure function, any thread.
#include "ui/markup/block_builder.h"

#include <algorithm>
#include <limits>
#include <string>

#include <md4c.h>

#include "ui/markup/patch.h"
#include "ui/markup/source_lines.h"
#include "ui/markup/unicode.h"

namespace tendril::ui::markup {
namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kMaxShownAddress = 120;  // a data: address can be megabytes long
constexpr unsigned kFlags = MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS;

class Builder {
  public:
    Builder(const Chunk& chunk, const Patched& patched, std::string_view input, std::deque<Block>& out)
        : chunk_(chunk), patched_(patched), input_(input), out_(out) {}

    bool run();

  private:
    int enter_block(MD_BLOCKTYPE type, void* detail);
    int leave_block(MD_BLOCKTYPE type);
    int enter_span(MD_SPANTYPE type, void* detail);
    int leave_span(MD_SPANTYPE type);
    int text(MD_TEXTTYPE type, std::string_view s);

    void enter_item(const MD_BLOCK_LI_DETAIL& detail);
    void enter_table(const MD_BLOCK_TABLE_DETAIL& detail);
    int enter_cell(MD_ALIGN align);
    void open_leaf(BlockKind kind);
    void close_leaf();
    Inline& target();
    void note_source(std::string_view s);
    void append_text(std::string_view s, bool code);
    void append_escaped(std::string_view s);
    void set_style(std::uint8_t style, std::int32_t link);
    void flush_run();
    std::string attribute(const MD_ATTRIBUTE& value) const;
    void widen_to_lines(Block& block) const;
    void finish_code();

    struct List {
        bool ordered = false;
        std::int64_t next = 0;
    };
    struct Span {
        MD_SPANTYPE type;
        std::uint8_t style;
        std::int32_t link;
        std::string address;  ///< of an image, shown behind its description
    };

    const Chunk& chunk_;
    const Patched& patched_;
    std::string_view input_;  ///< prefix + text (patched) + suffix
    std::deque<Block>& out_;
    std::vector<Container> containers_;  ///< all of them, also beyond kMaxNesting
    std::vector<List> lists_;
    std::vector<Span> spans_;
    Block leaf_;
    bool leaf_open_ = false;
    bool fenced_ = false;
    bool numbered_ = false;  ///< first_number has been used
    bool in_math_ = false;   ///< between \( and \) or \[ and \]: every backslash stays
    std::size_t cells_ = 0;
    std::uint32_t run_begin_ = 0;
    std::uint8_t style_ = 0;
    std::int32_t link_ = -1;
    std::size_t first_ = kNowhere;  ///< of the leaf's text in input_
    std::size_t last_ = 0;
    std::size_t text_end_ =
        kNowhere;  ///< where the text before ended: tells an escape from a backslash that stood there
};

Inline& Builder::target() {
    if (leaf_.kind == BlockKind::table && !leaf_.table.rows.empty() && !leaf_.table.rows.back().empty()) {
        return leaf_.table.rows.back().back();
    }
    return leaf_.content;
}

void Builder::open_leaf(BlockKind kind) {
    close_leaf();
    leaf_ = Block{};
    leaf_.kind = kind;
    const std::size_t depth = std::min(containers_.size(), kMaxNesting);
    leaf_.containers.assign(containers_.begin(), containers_.begin() + static_cast<std::ptrdiff_t>(depth));
    for (Container& container : containers_) {
        container.opens = false;
    }
    leaf_open_ = true;
    first_ = kNowhere;
    last_ = 0;
    run_begin_ = 0;
    text_end_ = kNowhere;
    in_math_ = false;
}

void Builder::close_leaf() {
    if (!leaf_open_) {
        return;
    }
    flush_run();
    leaf_open_ = false;
    spans_.clear();
    style_ = 0;
    link_ = -1;
    widen_to_lines(leaf_);
    if (leaf_.kind == BlockKind::code) {
        finish_code();
    }
    out_.push_back(std::move(leaf_));
}

void Builder::finish_code() {
    const std::u16string& code = leaf_.content.text;
    for (std::size_t at = 0; at < code.size();) {
        leaf_.lines.push_back(static_cast<std::uint32_t>(at));
        const std::size_t end = code.find(u'\n', at);
        at = end == std::u16string::npos ? code.size() : end + 1;
    }
}

/// From characters to whole lines, with a fence's or an underline's own line; then from input_ to the
/// message.
void Builder::widen_to_lines(Block& block) const {
    if (first_ == kNowhere) {
        block.source_begin = block.source_end = out_.empty() ? chunk_.offset : out_.back().source_end;
        return;
    }
    const auto [begin, end] = lines_of(block, fenced_, input_, first_, last_);
    const auto in_message = [this](std::size_t at) {
        const std::size_t in_text = at - std::min(at, chunk_.prefix.size());
        return chunk_.offset + std::min(patched_.original(in_text), chunk_.text.size());
    };
    block.source_begin = in_message(begin);
    block.source_end = in_message(end);
}

void Builder::enter_item(const MD_BLOCK_LI_DETAIL& detail) {
    close_leaf();
    Container item{ContainerKind::item, -1, Task::none, true};
    List& list = lists_.back();
    if (list.ordered) {
        if (!numbered_ && lists_.size() == 1 && containers_.empty() && chunk_.first_number >= 0) {
            list.next = chunk_.first_number;
        }
        item.number = list.next++;
    }
    numbered_ = true;
    if (detail.is_task != 0) {
        item.task = detail.task_mark == ' ' ? Task::open : Task::done;
    }
    containers_.push_back(item);
}

void Builder::enter_table(const MD_BLOCK_TABLE_DETAIL& detail) {
    open_leaf(BlockKind::table);
    leaf_.table.columns.resize(std::min<std::size_t>(detail.col_count, kMaxTableColumns));
    leaf_.table.continued = !chunk_.prefix.empty();
}

int Builder::enter_cell(MD_ALIGN align) {
    if (++cells_ > kMaxTableCells || leaf_.table.rows.empty()) {
        return 1;
    }
    flush_run();
    spans_.clear();
    style_ = 0;
    link_ = -1;
    std::vector<Inline>& row = leaf_.table.rows.back();
    if (row.size() >= kMaxTableColumns) {
        return 1;
    }
    if (row.size() < leaf_.table.columns.size()) {
        leaf_.table.columns[row.size()] =
            align == MD_ALIGN_CENTER ? Align::center : (align == MD_ALIGN_RIGHT ? Align::right : Align::left);
    }
    row.emplace_back();
    run_begin_ = 0;
    text_end_ = kNowhere;
    in_math_ = false;
    return 0;
}

int Builder::enter_block(MD_BLOCKTYPE type, void* detail) {
    switch (type) {
        case MD_BLOCK_QUOTE:
            close_leaf();
            containers_.push_back({ContainerKind::quote, -1, Task::none, false});
            break;
        case MD_BLOCK_UL:
            close_leaf();
            lists_.push_back({});
            break;
        case MD_BLOCK_OL:
            close_leaf();
            lists_.push_back({true, static_cast<const MD_BLOCK_OL_DETAIL*>(detail)->start});
            break;
        case MD_BLOCK_LI:
            enter_item(*static_cast<const MD_BLOCK_LI_DETAIL*>(detail));
            break;
        case MD_BLOCK_HR:
            open_leaf(BlockKind::rule);
            break;
        case MD_BLOCK_H:
            open_leaf(BlockKind::heading);
            leaf_.level = static_cast<std::uint8_t>(static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level);
            break;
        case MD_BLOCK_CODE: {
            open_leaf(BlockKind::code);
            const auto& code = *static_cast<const MD_BLOCK_CODE_DETAIL*>(detail);
            fenced_ = code.fence_char != 0;
            leaf_.language = attribute(code.lang);
            break;
        }
        case MD_BLOCK_P:
            open_leaf(BlockKind::paragraph);
            break;
        case MD_BLOCK_TABLE:
            enter_table(*static_cast<const MD_BLOCK_TABLE_DETAIL*>(detail));
            break;
        case MD_BLOCK_TR:
            leaf_.table.rows.emplace_back();
            break;
        case MD_BLOCK_TH:
        case MD_BLOCK_TD:
            return enter_cell(static_cast<const MD_BLOCK_TD_DETAIL*>(detail)->align);
        default:
            break;
    }
    return 0;
}

int Builder::leave_block(MD_BLOCKTYPE type) {
    switch (type) {
        case MD_BLOCK_QUOTE:
            close_leaf();
            containers_.pop_back();
            break;
        case MD_BLOCK_UL:
        case MD_BLOCK_OL:
            close_leaf();
            lists_.pop_back();
            break;
        case MD_BLOCK_LI:
            if (!leaf_open_ && containers_.back().opens) {
                open_leaf(BlockKind::paragraph);  // an item without text still shows its marker
            }
            close_leaf();
            containers_.pop_back();
            break;
        case MD_BLOCK_HR:
        case MD_BLOCK_H:
        case MD_BLOCK_CODE:
        case MD_BLOCK_P:
        case MD_BLOCK_TABLE:
            if (leaf_open_ && leaf_.kind == BlockKind::table && leaf_.table.continued &&
                !leaf_.table.rows.empty()) {
                leaf_.table.rows.erase(leaf_.table.rows.begin());
            }
            close_leaf();
            break;
        default:
            flush_run();
            break;
    }
    return 0;
}

std::string Builder::attribute(const MD_ATTRIBUTE& value) const {
    std::string out;
    for (int i = 0; value.text != nullptr && value.substr_offsets[i] < value.size; ++i) {
        const std::string_view part(value.text + value.substr_offsets[i],
                                    value.substr_offsets[i + 1] - value.substr_offsets[i]);
        const char32_t c = value.substr_types[i] == MD_TEXT_ENTITY ? entity(part) : 0;
        if (c != 0 && c < 0x80) {
            out.push_back(static_cast<char>(c));
        } else {
            out.append(part);
        }
    }
    return out;
}

void Builder::set_style(std::uint8_t style, std::int32_t link) {
    flush_run();
    style_ = style;
    link_ = link;
}

void Builder::flush_run() {
    if (!leaf_open_) {
        return;
    }
    Inline& inline_text = target();
    const auto end = static_cast<std::uint32_t>(inline_text.text.size());
    if (end > run_begin_ && (style_ != 0 || link_ >= 0)) {
        inline_text.runs.push_back({run_begin_, end, style_, link_});
    }
    run_begin_ = end;
}

int Builder::enter_span(MD_SPANTYPE type, void* detail) {
    if (!leaf_open_) {
        open_leaf(BlockKind::paragraph);
    }
    spans_.push_back({type, style_, link_, {}});
    std::uint8_t style = style_;
    std::int32_t link = link_;
    const auto add_link = [&](const MD_ATTRIBUTE& address) {
        std::vector<std::string>& links = target().links;
        links.push_back(attribute(address));
        link = static_cast<std::int32_t>(links.size()) - 1;
    };
    switch (type) {
        case MD_SPAN_EM:
            style |= kItalic;
            break;
        case MD_SPAN_STRONG:
            style |= kBold;
            break;
        case MD_SPAN_DEL:
            style |= kStrike;
            break;
        case MD_SPAN_CODE:
            style |= kCode;
            break;
        case MD_SPAN_A:
            add_link(static_cast<const MD_SPAN_A_DETAIL*>(detail)->href);
            break;
        case MD_SPAN_IMG:
            style |= kImage;
            spans_.back().address = attribute(static_cast<const MD_SPAN_IMG_DETAIL*>(detail)->src);
            break;
        default:
            break;
    }
    set_style(style, link);
    return 0;
}

int Builder::leave_span(MD_SPANTYPE type) {
    // md4c 0.4.8 can end spans that it never began, or in another order ("~~" across a link).
    const auto begun =
        std::find_if(spans_.rbegin(), spans_.rend(), [type](const Span& s) { return s.type == type; });
    if (begun == spans_.rend() || !leaf_open_) {
        return 0;
    }
    const Span span = *begun;
    spans_.erase(std::next(begun).base(), spans_.end());
    if (type == MD_SPAN_IMG && !span.address.empty()) {
        // A picture is never loaded. Its description stays, and the address is there to be read and, on
        // purpose, followed.
        Inline& inline_text = target();
        const bool described = !inline_text.text.empty() && inline_text.text.back() != u' ';
        set_style(span.style, span.link);
        inline_text.text += described ? u" (" : u"(";
        inline_text.links.push_back(span.address);
        set_style(span.style | kImage, static_cast<std::int32_t>(inline_text.links.size()) - 1);
        std::string_view shown(span.address);
        append_clean(inline_text.text, shown.substr(0, kMaxShownAddress), true);
        inline_text.text += shown.size() > kMaxShownAddress ? u"…" : u"";
        set_style(span.style, span.link);
        inline_text.text += u')';
    }
    set_style(span.style, span.link);
    return 0;
}

void Builder::note_source(std::string_view s) {
    if (s.data() < input_.data() || s.data() >= input_.data() + input_.size()) {
        return;  // md4c's own constant: a space, a line break
    }
    const auto at = static_cast<std::size_t>(s.data() - input_.data());
    first_ = std::min(first_, at);
    last_ = std::max(last_, at + std::max<std::size_t>(s.size(), 1) - 1);
    text_end_ = at + s.size();
}

/// Markdown takes the backslash from \( and \[, where formulae begin. It stays, and so does every one inside
/// the formula.
void Builder::append_escaped(std::string_view s) {
    std::u16string& out = target().text;
    const bool inside = s.data() > input_.data() && s.data() < input_.data() + input_.size();
    const auto at = inside ? static_cast<std::size_t>(s.data() - input_.data()) : 0;
    const bool escaped = inside && s.size() == 1 && input_[at - 1] == '\\' && text_end_ != at;
    if (escaped && (in_math_ || std::string_view("()[]").find(s[0]) != std::string_view::npos)) {
        in_math_ = s[0] == '(' || s[0] == '[' || (in_math_ && s[0] != ')' && s[0] != ']');
        out.push_back(u'\\');
    }
}

void Builder::append_text(std::string_view s, bool code) {
    if (!code) {
        append_escaped(s);
    }
    // In a table "\|" is a bar, in code as well; md4c leaves the backslash there.
    for (std::size_t bar = 0; code && leaf_.kind == BlockKind::table && !s.empty();) {
        bar = s.find("\\|");
        if (bar == std::string_view::npos) {
            break;
        }
        append_clean(target().text, s.substr(0, bar), code);
        note_source(s.substr(0, bar));
        s.remove_prefix(bar + 1);
    }
    append_clean(target().text, s, code);
    note_source(s);
}

int Builder::text(MD_TEXTTYPE type, std::string_view s) {
    if (!leaf_open_) {
        open_leaf(BlockKind::paragraph);  // the text of a tight list's item
    }
    switch (type) {
        case MD_TEXT_NULLCHAR:
            target().text.push_back(0xFFFD);
            break;
        case MD_TEXT_BR:
            target().text.push_back(0x2028);
            break;
        case MD_TEXT_SOFTBR:
            target().text.push_back(u' ');
            break;
        case MD_TEXT_ENTITY: {
            const char32_t c = entity(s);
            if (c == 0) {
                append_text(s, true);
            } else {
                append_code_point(target().text, c);
                note_source(s);
            }
            break;
        }
        default:
            append_text(s, type == MD_TEXT_CODE);
            break;
    }
    return 0;
}

bool Builder::run() {
    MD_PARSER parser{};
    parser.flags = kFlags;
    parser.enter_block = [](MD_BLOCKTYPE t, void* d, void* u) {
        return static_cast<Builder*>(u)->enter_block(t, d);
    };
    parser.leave_block = [](MD_BLOCKTYPE t, void*, void* u) {
        return static_cast<Builder*>(u)->leave_block(t);
    };
    parser.enter_span = [](MD_SPANTYPE t, void* d, void* u) {
        return static_cast<Builder*>(u)->enter_span(t, d);
    };
    parser.leave_span = [](MD_SPANTYPE t, void*, void* u) { return static_cast<Builder*>(u)->leave_span(t); };
    parser.text = [](MD_TEXTTYPE t, const MD_CHAR* s, MD_SIZE n, void* u) {
        return static_cast<Builder*>(u)->text(t, {s, n});
    };
    return md_parse(input_.data(), static_cast<MD_SIZE>(input_.size()), &parser, this) == 0;
}

}  // namespace

void build_blocks(const Chunk& chunk, std::deque<Block>& out) {
    const std::size_t before = out.size();
    const Patched patched = patch(chunk.text);
    std::string_view input = patched.insertions.empty() ? chunk.text : std::string_view(patched.text);
    std::string whole;
    if (!chunk.prefix.empty() || !chunk.suffix.empty()) {
        whole.append(chunk.prefix).append(input);
        whole.append(chunk.suffix.empty() ? "" : "\n\n").append(chunk.suffix);
        input = whole;
    }
    if (Builder(chunk, patched, input, out).run()) {
        return;
    }
    out.resize(before);
    Block plain;
    append_clean(plain.content.text, chunk.text, true);
    std::replace(plain.content.text.begin(), plain.content.text.end(), u'\n', u'\u2028');
    plain.source_begin = chunk.offset;
    plain.source_end = chunk.offset + chunk.text.size();
    out.push_back(std::move(plain));
}

}  // namespace tendril::ui::markup
