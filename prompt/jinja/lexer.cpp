// SPDX-License-Identifier: Apache-2.0
// The template lexer; see lexer.h. White space rules follow jinja2's Lexer.tokeniter. Pure; any thread.
#include "prompt/jinja/lexer.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "prompt/jinja/heap.h"
#include "prompt/jinja/string_literal.h"
#include "prompt/jinja/text.h"

namespace tendril::prompt::jinja {
namespace {

/// All line ends become \n, and one at the end of the template goes.
std::string normalized(std::string_view source) {
    std::string out;
    out.reserve(source.size());
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] == '\r') {
            out += '\n';
            i += i + 1 < source.size() && source[i + 1] == '\n' ? 1 : 0;
        } else {
            out += source[i];
        }
    }
    if (!out.empty() && out.back() == '\n') {
        out.pop_back();
    }
    return out;
}

bool is_digit_char(char c) {
    return c >= '0' && c <= '9';
}

class Lexer {
  public:
    explicit Lexer(std::string_view source) : source_(normalized(source)) {}

    std::vector<Token> run() {
        while (position_ < source_.size()) {
            root();
        }
        add(TokenKind::end, "");
        return std::move(tokens_);
    }

  private:
    [[noreturn]] void fail(const std::string& message) const { raise(message, ErrorCode::malformed, line_); }

    bool at(std::string_view text) const {
        return std::string_view(source_).substr(position_, text.size()) == text;
    }

    void advance(std::size_t bytes) {
        line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(position_),
                                             source_.begin() + static_cast<std::ptrdiff_t>(position_ + bytes),
                                             '\n'));
        position_ += bytes;
    }

    Token& add(TokenKind kind, std::string text) {
        tokens_.push_back(Token{kind, line_, std::move(text)});
        return tokens_.back();
    }

    std::size_t spaces_from(std::size_t i) const {
        const std::size_t start = i;
        while (i < source_.size()) {
            std::size_t next = i;
            if (!is_space(next_code_point(source_, next))) {
                break;
            }
            i = next;
        }
        return i - start;
    }

    /// Text up to the next tag, then the tag.
    void root() {
        std::size_t tag = position_;
        while ((tag = source_.find('{', tag)) != std::string::npos &&
               (tag + 1 >= source_.size() ||
                std::string_view("{%#").find(source_[tag + 1]) == std::string_view::npos)) {
            ++tag;
        }
        if (tag == std::string::npos) {
            add(TokenKind::data, source_.substr(position_));
            advance(source_.size() - position_);
            return;
        }
        const char kind = source_[tag + 1];
        const char sign = tag + 2 < source_.size() && (source_[tag + 2] == '-' || source_[tag + 2] == '+')
                              ? source_[tag + 2]
                              : '\0';
        text_before(tag, sign, kind != '{');
        advance(tag - position_);
        const std::size_t raw = kind == '%' ? raw_begin_length() : 0;
        if (raw > 0) {
            line_starting_ = source_[position_ + raw - 1] == '\n';
            advance(raw);
            raw_body();
            return;
        }
        if (kind != '#') {
            add(kind == '%' ? TokenKind::block_begin : TokenKind::variable_begin, "");
        }
        advance(sign == '\0' ? 2 : 3);
        if (kind == '#') {
            comment();
        } else {
            code(kind == '%');
        }
    }

    /// Data before a tag, without the white space that the tag takes.
    void text_before(std::size_t tag, char sign, bool may_strip_line) {
        std::string_view text = std::string_view(source_).substr(position_, tag - position_);
        if (sign == '-') {
            text = stripped(text, Side::right);
        } else if (sign != '+' && may_strip_line) {
            const std::size_t line_start = text.rfind('\n') + 1;  // 0 when there is none
            const auto indent = text.substr(line_start);
            if ((line_start > 0 || line_starting_) && stripped(indent, Side::left).empty()) {
                text = text.substr(0, line_start);
            }
        }
        if (!text.empty()) {
            add(TokenKind::data, std::string(text));
        }
    }

    /// Length of `{% raw %}` here, 0 when it is another tag.
    std::size_t raw_begin_length() const {
        std::size_t i = position_ + 2;
        i += i < source_.size() && (source_[i] == '-' || source_[i] == '+') ? 1 : 0;
        i += spaces_from(i);
        if (source_.compare(i, 3, "raw") != 0) {
            return 0;
        }
        i += 3;
        i += spaces_from(i);
        if (source_.compare(i, 3, "-%}") == 0) {
            i += 3;
            return i + spaces_from(i) - position_;
        }
        return source_.compare(i, 2, "%}") == 0 ? i + 2 - position_ : 0;
    }

    void raw_body() {
        for (std::size_t tag = source_.find("{%", position_); tag != std::string::npos;
             tag = source_.find("{%", tag + 1)) {
            std::size_t i = tag + 2;
            const char sign =
                i < source_.size() && (source_[i] == '-' || source_[i] == '+') ? source_[i++] : '\0';
            i += spaces_from(i);
            if (source_.compare(i, 6, "endraw") != 0) {
                continue;
            }
            i += 6;
            i += spaces_from(i);
            const std::size_t end = tag_end_length(i, "%}");
            if (end == 0) {
                continue;
            }
            text_before(tag, sign, true);
            close(i, end);
            return;
        }
        fail("Missing end of raw directive");
    }

    /// Length of a block's or comment's end at `i` with the white space that goes with it; 0 when there is
    /// none.
    std::size_t tag_end_length(std::size_t i, std::string_view end) const {
        const auto here = std::string_view(source_).substr(std::min(i, source_.size()));
        if (here.substr(0, 1) == "+" && here.substr(1, end.size()) == end) {
            return 1 + end.size();
        }
        if (here.substr(0, 1) == "-" && here.substr(1, end.size()) == end) {
            return 1 + end.size() + spaces_from(i + 1 + end.size());
        }
        if (here.substr(0, end.size()) == end) {
            return end.size() + (here.substr(end.size(), 1) == "\n" ? 1 : 0);
        }
        return 0;
    }

    void close(std::size_t end_position, std::size_t length) {
        line_starting_ = source_[end_position + length - 1] == '\n';
        advance(end_position + length - position_);
    }

    void comment() {
        for (std::size_t i = source_.find("#}", position_); i != std::string::npos;
             i = source_.find("#}", i + 1)) {
            const bool signed_end = i > position_ && (source_[i - 1] == '-' || source_[i - 1] == '+');
            const std::size_t start = signed_end ? i - 1 : i;
            close(start, tag_end_length(start, "#}"));
            return;
        }
        fail("Missing end of comment tag");
    }

    /// The inside of {{ }} or {% %}.
    void code(bool block) {
        brackets_.clear();
        while (position_ < source_.size()) {
            if (brackets_.empty() && code_end(block)) {
                return;
            }
            const std::size_t spaces = spaces_from(position_);
            if (spaces > 0) {
                advance(spaces);
            } else {
                expression_token();
            }
        }
    }

    bool code_end(bool block) {
        std::size_t length = 0;
        if (block) {
            length = tag_end_length(position_, "%}");
        } else if (at("-}}")) {
            length = 3 + spaces_from(position_ + 3);
        } else if (at("}}")) {
            length = 2;
        }
        if (length == 0) {
            return false;
        }
        add(block ? TokenKind::block_end : TokenKind::variable_end, "");
        close(position_, length);
        return true;
    }

    void expression_token() {
        const char c = source_[position_];
        if (is_digit_char(c)) {
            number();
        } else if (c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   static_cast<unsigned char>(c) >= 0x80) {
            name();
        } else if (c == '\'' || c == '"') {
            string(c);
        } else {
            symbol();
        }
    }

    void name() {
        std::size_t end = position_;
        while (end < source_.size()) {
            std::size_t next = end;
            const char32_t c = next_code_point(source_, next);
            const bool ascii_word = c == '_' || (c < 0x80 && std::isalnum(static_cast<int>(c)) != 0);
            if (!ascii_word && (c < 0x80 || !is_identifier("_" + source_.substr(end, next - end)))) {
                break;
            }
            end = next;
        }
        const std::string text = source_.substr(position_, end - position_);
        if (text.empty()) {
            unexpected();
        }
        if (!is_identifier(text)) {
            fail("Invalid character in identifier");
        }
        add(TokenKind::name, text);
        advance(text.size());
    }

    [[noreturn]] void unexpected() const {
        fail("unexpected char '" + source_.substr(position_, code_point_bytes(source_, position_)) + "'");
    }

    /// Digits that may be separated by single underscores, from `i`.
    template <typename IsDigit>
    std::size_t digits_from(std::size_t i, IsDigit is_digit_of_base) const {
        const std::size_t start = i;
        while (i < source_.size()) {
            const std::size_t digit = source_[i] == '_' && i > start ? i + 1 : i;
            if (digit >= source_.size() || !is_digit_of_base(source_[digit])) {
                break;
            }
            i = digit + 1;
        }
        return i - start;
    }

    /// End of a float literal at the position; 0 when it is not one.
    std::size_t real_end() const {
        if (position_ > 0 && source_[position_ - 1] == '.') {
            return 0;
        }
        std::size_t i = position_ + digits_from(position_, is_digit_char);
        bool real = false;
        if (i < source_.size() && source_[i] == '.' && digits_from(i + 1, is_digit_char) > 0) {
            i += 1 + digits_from(i + 1, is_digit_char);
            real = true;
        }
        if (i < source_.size() && (source_[i] == 'e' || source_[i] == 'E')) {
            std::size_t exponent = i + 1;
            exponent +=
                exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-') ? 1 : 0;
            const std::size_t digits = digits_from(exponent, is_digit_char);
            if (digits > 0) {
                return exponent + digits;
            }
        }
        return real ? i : 0;
    }

    std::string without_underscores(std::size_t end) const {
        std::string text = source_.substr(position_, end - position_);
        text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
        return text;
    }

    void number() {
        if (const std::size_t end = real_end(); end > 0) {
            add(TokenKind::real, "").real = std::strtod(without_underscores(end).c_str(), nullptr);
            advance(end - position_);
            return;
        }
        std::size_t end = 0;
        int base = 10;
        const char kind =
            position_ + 1 < source_.size() ? static_cast<char>(source_[position_ + 1] | 0x20) : '\0';
        if (source_[position_] == '0' && (kind == 'b' || kind == 'o' || kind == 'x')) {
            base = kind == 'b' ? 2 : kind == 'o' ? 8 : 16;
            std::size_t start = position_ + 2;
            start += start < source_.size() && source_[start] == '_' ? 1 : 0;
            const std::size_t digits = digits_from(start, [base](char c) {
                return base == 16 ? std::isxdigit(static_cast<unsigned char>(c)) != 0
                                  : c >= '0' && c < '0' + base;
            });
            end = digits > 0 ? start + digits : 0;
        }
        if (end == 0) {
            base = 10;
            const bool zero = source_[position_] == '0';
            end = position_ +
                  digits_from(position_, [zero](char c) { return zero ? c == '0' : is_digit_char(c); });
        }
        const std::string text = without_underscores(end);
        const char* first = text.data() + (base == 10 ? 0 : 2);
        std::int64_t value = 0;
        if (std::from_chars(first, text.data() + text.size(), value, base).ec != std::errc()) {
            fail("an integer does not fit into 64 bits");
        }
        add(TokenKind::integer, "").integer = value;
        advance(end - position_);
    }

    void string(char quote) {
        std::size_t end = position_ + 1;
        while (end < source_.size() && source_[end] != quote) {
            end += source_[end] == '\\' ? 2 : 1;
        }
        if (end >= source_.size()) {
            unexpected();
        }
        const auto body = std::string_view(source_).substr(position_ + 1, end - position_ - 1);
        add(TokenKind::string, unescaped_literal(body, line_));
        advance(end + 1 - position_);
    }

    void symbol() {
        constexpr std::string_view kTwo[] = {"//", "**", "==", "!=", ">=", "<="};
        constexpr std::string_view kOne = "+-/*%~[](){}><=.:|,;";
        std::size_t length =
            std::any_of(std::begin(kTwo), std::end(kTwo), [&](std::string_view s) { return at(s); }) ? 2 : 1;
        const char c = source_[position_];
        if (length == 1 && kOne.find(c) == std::string_view::npos) {
            unexpected();
        }
        if (length == 1) {
            balance(c);
        }
        add(TokenKind::symbol, source_.substr(position_, length));
        advance(length);
    }

    void balance(char c) {
        if (c == '{' || c == '(' || c == '[') {
            brackets_ += c == '{' ? '}' : c == '(' ? ')' : ']';
        } else if (c == '}' || c == ')' || c == ']') {
            if (brackets_.empty() || brackets_.back() != c) {
                fail("unexpected '" + std::string(1, c) + "'");
            }
            brackets_.pop_back();
        }
    }

    std::string source_;
    std::size_t position_ = 0;
    int line_ = 1;
    bool line_starting_ = true;
    std::string brackets_;  ///< the closing ones that are awaited
    std::vector<Token> tokens_;
};

}  // namespace

std::string described(const Token& token) {
    switch (token.kind) {
        case TokenKind::data:
            return "text";
        case TokenKind::block_begin:
            return "begin of statement block";
        case TokenKind::block_end:
            return "end of statement block";
        case TokenKind::variable_begin:
            return "begin of print statement";
        case TokenKind::variable_end:
            return "end of print statement";
        case TokenKind::string:
            return "string";
        case TokenKind::integer:
            return "integer";
        case TokenKind::real:
            return "float";
        case TokenKind::end:
            return "end of template";
        default:
            return token.text;
    }
}

std::vector<Token> tokenize(std::string_view source) {
    return Lexer(source).run();
}

}  // namespace tendril::prompt::jinja
