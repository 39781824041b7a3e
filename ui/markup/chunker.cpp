// SPDX-License-Identifier: Apache-2.0
// Says where a growing Markdown text can be cut so that the parts read the same alone as together. One owner,
// any thread.
#include "ui/markup/chunker.h"

#include <algorithm>

namespace tendril::ui::markup {
namespace {

constexpr std::size_t kMaxLanguage = 32;
constexpr std::size_t kNoItem = 1'000'000;  // no line is indented as far
constexpr std::size_t kMaxFenceLine =
    512;  // a longer line opens no code: it could not be told before it ends

std::string_view trimmed(std::string_view line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
    const std::size_t end = line.find_last_not_of(" \t\r\n");
    return end == std::string_view::npos || end < begin ? std::string_view()
                                                        : line.substr(begin, end + 1 - begin);
}

bool only(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == std::string_view::npos;
}

std::size_t run_of(std::string_view text, char c) {
    return std::min(text.find_first_not_of(c), text.size());
}

/// "---", "* * *": a rule, not a list item.
bool is_rule(std::string_view text) {
    if (text.empty() || (text[0] != '-' && text[0] != '*' && text[0] != '_')) {
        return false;
    }
    const char characters[] = {text[0], ' ', '\t', 0};
    return only(text, characters) && std::count(text.begin(), text.end(), text[0]) >= 3;
}

bool is_heading(std::string_view text) {
    const std::size_t signs = run_of(text, '#');
    return signs >= 1 && signs <= 6 && (signs == text.size() || text[signs] == ' ' || text[signs] == '\t');
}

/// The beginning of a line from which nothing can be said yet: it may become an item, a heading, a rule or a
/// fence.
bool is_unclear(std::string_view text) {
    if (text.empty()) {
        return true;
    }
    const char c = text[0];
    if (c == '#') {
        return text.size() <= 6 && only(text, "#");
    }
    if (c == '`' || c == '~') {
        const std::size_t signs = run_of(text, c);
        return text.size() <= kMaxFenceLine &&
               (signs == text.size() ||
                (signs >= 3 && (c == '~' || text.find('`', signs) == std::string_view::npos)));
    }
    if (c == '-' || c == '*' || c == '_' || c == '+') {
        const char characters[] = {c, ' ', '\t', '\r', 0};
        return only(text, characters);
    }
    if (c >= '0' && c <= '9') {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        return digits <= 9 && only(text.substr(digits), ".) \t\r") && text.size() - digits <= 8;
    }
    return false;
}

}  // namespace

std::size_t indent_of(std::string_view line) {
    std::size_t column = 0;
    for (const char c : line) {
        if (c == ' ') {
            ++column;
        } else if (c == '\t') {
            column = (column / 4 + 1) * 4;
        } else {
            break;
        }
    }
    return column;
}

bool is_blank(std::string_view line) {
    return only(line, " \t\r\n");
}

Marker read_marker(std::string_view line) {
    Marker marker;
    const std::size_t indent = indent_of(line);
    const std::string_view text = trimmed(line);
    if (indent > 3 || text.empty() || is_rule(text)) {
        return marker;
    }
    std::size_t width = 1;
    if (text[0] == '-' || text[0] == '*' || text[0] == '+') {
        marker.sign = text[0];
    } else {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 9 || digits == text.size() ||
            (text[digits] != '.' && text[digits] != ')')) {
            return marker;
        }
        marker.ordered = true;
        marker.sign = text[digits];
        marker.number = std::stoll(std::string(text.substr(0, digits)));
        width = digits + 1;
    }
    marker.has_content = text.size() > width;
    if (marker.has_content && text[width] != ' ' && text[width] != '\t') {
        return marker;
    }
    marker.item = true;
    // A tab behind the sign reaches to the next multiple of four, counted from the line's beginning.
    std::size_t column = indent + width;
    for (std::size_t i = width; i < text.size() && (text[i] == ' ' || text[i] == '\t'); ++i) {
        column = text[i] == '\t' ? (column / 4 + 1) * 4 : column + 1;
    }
    const std::size_t gap = column - indent - width;
    marker.content_indent = indent + width + (!marker.has_content || gap > 4 ? 1 : gap);
    return marker;
}

Fence read_fence(std::string_view line) {
    Fence fence;
    const std::size_t indent = indent_of(line);
    const std::string_view text = trimmed(line);
    if (indent > 3 || text.empty() || text.size() > kMaxFenceLine || (text[0] != '`' && text[0] != '~')) {
        return fence;
    }
    const std::size_t signs = run_of(text, text[0]);
    if (signs < 3 || (text[0] == '`' && text.find('`', signs) != std::string_view::npos)) {
        return fence;
    }
    fence.sign = text[0];
    fence.length = signs;
    fence.indent = indent;
    const std::string_view info = trimmed(text.substr(signs));
    for (const char c : info.substr(0, std::min({info.find_first_of(" \t"), info.size(), kMaxLanguage}))) {
        fence.language.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
    return fence;
}

bool closes(const Fence& fence, std::string_view line) {
    const std::string_view text = trimmed(line);
    return indent_of(line) <= 3 && text.size() >= fence.length && run_of(text, fence.sign) == text.size();
}

Chunker::Decision Chunker::decide_item(const Marker& marker, bool fresh) const {
    const bool same_list = kind_ == Kind::list && marker.sign == list_.sign;
    if (kind_ == Kind::mixed) {
        return {forced_ ? Cut::item : Cut::none};
    }
    if (!fresh && kind_ == Kind::text && (!marker.has_content || (marker.ordered && marker.number != 1))) {
        return {forced_ ? Cut::item : Cut::none};
    }
    return {Cut::item, false, same_list && marker.ordered ? next_number_ : -1};
}

Chunker::Decision Chunker::decide(std::string_view line, bool complete) const {
    if (in_code()) {
        return {complete && closes(fence_, line) ? Cut::end_of_code : Cut::none};
    }
    if (is_blank(line)) {
        return {Cut::none, !complete};
    }
    const std::size_t indent = indent_of(line);
    const Cut otherwise = forced_ ? Cut::text : Cut::none;
    if (indent > 3 || inside_item(indent)) {
        return {otherwise};
    }
    const std::string_view text = trimmed(line);
    // White space at the end decides nothing: "1. " may become an item or stay a line of its own.
    if (!complete && is_unclear(text)) {
        return {Cut::none, true};
    }
    if (const Fence fence = read_fence(line); fence.sign != 0) {
        // Models end code inside a list with a fence at the margin; md4c takes it for the end as well.
        const bool ends_inner = inner_.sign != 0 && closes(inner_, line);
        return {ends_inner ? otherwise : Cut::code};
    }
    if (const Marker marker = read_marker(line); marker.item) {
        return decide_item(marker, fresh_);
    }
    // "---" below a line of text underlines it, unless that line is an item's.
    const bool underline =
        text.find_first_not_of('-') == std::string_view::npos && !fresh_ && kind_ != Kind::list;
    if (is_rule(text) && !underline) {
        return {Cut::text};
    }
    const bool quote = text[0] == '>';
    return {fresh_ || is_heading(text) || (quote && (kind_ == Kind::text || kind_ == Kind::list))
                ? Cut::text
                : otherwise};
}

/// Follows fences that stand inside an item or a quote.
void Chunker::note_inner_fence(std::string_view line, std::size_t indent, Cut cut) {
    std::string_view content = trimmed(line);
    if (cut == Cut::item) {
        content = trimmed(content.substr(std::min(content.find_first_of("-*+.)") + 1, content.size())));
    }
    const bool contained = cut == Cut::item || inside_item(indent) || content.starts_with('>');
    content = content.substr(std::min(content.find_first_not_of("> "), content.size()));
    if (cut != Cut::none || inner_.sign == 0) {
        inner_ = contained ? read_fence(content) : Fence();
    } else if (!contained || closes(inner_, content)) {
        inner_ = Fence();
    }
}

void Chunker::take(std::string_view line, const Decision& decision) {
    if (decision.cut == Cut::end_of_code) {
        *this = Chunker();
        return;
    }
    if (in_code()) {
        return;
    }
    if (is_blank(line)) {
        if (bare_item_) {
            list_.content_indent = kNoItem;  // an item that begins with a blank line and then another is over
        }
        fresh_ = true;
        return;
    }
    const std::size_t indent = indent_of(line);
    const std::string_view text = trimmed(line);
    if (decision.cut == Cut::code) {
        *this = Chunker();
        fence_ = read_fence(line);
        return;
    }
    fresh_ = false;
    bare_item_ = decision.cut == Cut::item && !read_marker(line).has_content;
    note_inner_fence(line, indent, decision.cut);
    if (decision.cut == Cut::item) {
        list_ = read_marker(line);
        kind_ = Kind::list;
        next_number_ = (decision.number >= 0 ? decision.number : list_.number) + 1;
    } else if (decision.cut == Cut::text) {
        kind_ = text[0] == '>' && indent <= 3 ? Kind::quote : Kind::text;
        fresh_ = indent <= 3 && (is_heading(text) || is_rule(text));
    } else if (kind_ == Kind::list && !inside_item(indent)) {
        kind_ = Kind::mixed;
        list_.content_indent = read_fence(line).sign != 0 ? kNoItem : list_.content_indent;
    } else if (const Marker marker = read_marker(line);
               (kind_ == Kind::text || kind_ == Kind::mixed) && marker.item && !inside_item(indent)) {
        // It may have become a list after all, behind code or a table: what it could hold stays with it.
        list_.content_indent = kind_ == Kind::mixed ? std::min(list_.content_indent, marker.content_indent)
                                                    : marker.content_indent;
        kind_ = Kind::mixed;
    } else if (kind_ == Kind::mixed && !inside_item(indent) && is_rule(text)) {
        list_.content_indent = kNoItem;
    } else if (kind_ == Kind::quote && text[0] != '>') {
        kind_ = Kind::mixed;
        list_.content_indent = kNoItem;
    }
    forced_ = false;
}

}  // namespace tendril::ui::markup
