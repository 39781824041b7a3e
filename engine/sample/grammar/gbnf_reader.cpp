// SPDX-License-Identifier: Apache-2.0
// Recursive descent over a GBNF text, of bounded depth. Pure; any thread.
#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "engine/sample/grammar/code_points.h"
#include "engine/sample/grammar/grammar.h"
#include "engine/sample/grammar/syntax.h"
#include "engine/text/unicode.h"

namespace tendril::engine::grammar {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<unsigned>(c - '0');
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? std::optional<unsigned>(static_cast<unsigned>(lower - 'a') + 10)
                                        : std::nullopt;
}

class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text), lines_{0} {
        for (std::size_t i = 0; i < std::min(text.size(), Grammar::kMaxBytes); ++i) {
            if (text[i] == '\n') {
                lines_.push_back(i + 1);
            }
        }
    }

    Result<Syntax> read() {
        if (text_.size() > Grammar::kMaxBytes) {
            return tendril::fail(ErrorCode::too_large, "The grammar is longer than " +
                                                           std::to_string(Grammar::kMaxBytes) + " bytes.");
        }
        skip_space(true);
        while (!at_end() && read_rule()) {
            skip_space(true);
        }
        if (!error_ && at_end()) {
            check_rules();
        }
        if (error_) {
            return tendril::fail(std::move(*error_));
        }
        return std::move(syntax_);
    }

  private:
    bool at_end() const { return at_ >= text_.size(); }
    char look(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    bool sees(std::string_view word) const { return text_.substr(at_).starts_with(word); }

    Place place_of(std::size_t offset) const {
        offset = std::min(offset, text_.size());
        const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
        const auto characters =
            std::count_if(text_.begin() + static_cast<std::ptrdiff_t>(*(next - 1)),
                          text_.begin() + static_cast<std::ptrdiff_t>(offset),
                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
        return {static_cast<std::uint32_t>(next - lines_.begin()),
                static_cast<std::uint32_t>(characters + 1)};
    }

    /// False, so that a reading function can return it.
    bool fail_at(Place place, ErrorCode code, const std::string& what) {
        if (!error_) {
            error_ = Error{code,
                           "The grammar cannot be read: line " + std::to_string(place.line) + ", column " +
                               std::to_string(place.column) + ": " + what,
                           {}};
        }
        return false;
    }
    bool fail(const std::string& what, ErrorCode code = ErrorCode::malformed) {
        return fail_at(place_of(at_), code, what);
    }

    void skip_space(bool newlines) {
        for (; !at_end(); ++at_) {
            const char c = look();
            if (c == '#') {
                while (!at_end() && look() != '\n') {
                    ++at_;
                }
                if (at_end() || !newlines) {
                    return;
                }
            } else if (c != ' ' && c != '\t' && c != '\r' && (c != '\n' || !newlines)) {
                return;
            }
        }
    }

    /// Inside a rule a line break ends it, but for one in front of a further alternative.
    void skip_inside(bool grouped) {
        skip_space(grouped);
        if (!grouped && look() == '\n') {
            const std::size_t before = at_;
            skip_space(true);
            if (look() != '|') {
                at_ = before;
            }
        }
    }

    std::string_view read_name() {
        const std::size_t begin = at_;
        while (!at_end() && is_name_character(look())) {
            ++at_;
        }
        return text_.substr(begin, at_ - begin);
    }

    std::optional<std::uint32_t> rule_of(std::string_view name, std::size_t offset) {
        const auto [found, added] =
            names_.try_emplace(std::string(name), static_cast<std::uint32_t>(syntax_.rules.size()));
        if (added) {
            if (syntax_.rules.size() == Grammar::kMaxRules) {
                fail("there are more than " + std::to_string(Grammar::kMaxRules) + " rules.",
                     ErrorCode::too_large);
                return std::nullopt;
            }
            Rule rule;
            rule.name = name;
            syntax_.rules.push_back(std::move(rule));
            first_use_.push_back(offset);
        }
        return found->second;
    }

    bool read_rule() {
        const std::size_t begin = at_;
        const std::string_view name = read_name();
        if (name.empty()) {
            return fail("the name of a rule is expected.");
        }
        skip_space(false);
        if (!sees("::=")) {
            return fail("\"::=\" is expected behind the name \"" + std::string(name) + "\".");
        }
        const auto rule = rule_of(name, begin);
        if (!rule) {
            return false;
        }
        if (syntax_.rules[*rule].defined) {
            return fail_at(place_of(begin), ErrorCode::malformed,
                           "the rule \"" + std::string(name) + "\" is defined a second time.");
        }
        at_ += 3;
        skip_space(true);
        const auto body = read_choice(0);
        if (!body) {
            return false;
        }
        if (!at_end() && look() != '\n') {
            return fail(look() == ')' ? "there is no \"(\" for this \")\"." : "this is not understood.");
        }
        Rule& defined = syntax_.rules[*rule];
        defined.defined = true;
        defined.place = place_of(begin);
        defined.body = *body;
        return true;
    }

    ExpressionId keep(Expression expression) {
        syntax_.expressions.push_back(std::move(expression));
        return static_cast<ExpressionId>(syntax_.expressions.size() - 1);
    }

    std::optional<ExpressionId> read_choice(std::size_t depth) {
        Expression choice;
        choice.kind = Expression::Kind::choice;
        while (true) {
            const auto sequence = read_sequence(depth);
            if (!sequence) {
                return std::nullopt;
            }
            choice.children.push_back(*sequence);
            if (look() != '|') {
                break;
            }
            ++at_;
            skip_space(true);
        }
        return choice.children.size() == 1 ? choice.children.front() : keep(std::move(choice));
    }

    std::optional<ExpressionId> read_sequence(std::size_t depth) {
        Expression sequence;
        skip_inside(depth > 0);
        while (!at_end() && look() != '|' && look() != ')' && look() != '\n') {
            auto item = read_item(depth);
            if (item) {
                item = read_repetitions(*item, depth);
            }
            if (!item) {
                return std::nullopt;
            }
            sequence.children.push_back(*item);
            skip_inside(depth > 0);
        }
        return sequence.children.size() == 1 ? sequence.children.front() : keep(std::move(sequence));
    }

    std::optional<ExpressionId> read_item(std::size_t depth) {
        const char c = look();
        if (c == '"') {
            return read_literal();
        }
        if (c == '[') {
            return read_class();
        }
        if (c == '(') {
            return read_group(depth);
        }
        if (c == '.') {
            ++at_;
            Expression any;
            any.kind = Expression::Kind::characters;
            any.ranges = complement({});
            return keep(std::move(any));
        }
        if (is_name_character(c)) {
            Expression reference;
            reference.kind = Expression::Kind::reference;
            const std::size_t begin = at_;
            const auto rule = rule_of(read_name(), begin);
            if (!rule) {
                return std::nullopt;
            }
            reference.rule = *rule;
            return keep(std::move(reference));
        }
        if (c == '<') {
            fail("single tokens in <angle brackets> are not supported.", ErrorCode::unsupported);
        } else if (c == '*' || c == '+' || c == '?' || c == '{') {
            fail("there is nothing in front of this repetition.");
        } else {
            fail("this is not understood.");
        }
        return std::nullopt;
    }

    std::optional<ExpressionId> read_group(std::size_t depth) {
        if (depth + 1 > Grammar::kMaxNesting) {
            fail("groups are nested deeper than " + std::to_string(Grammar::kMaxNesting) + ".",
                 ErrorCode::too_large);
            return std::nullopt;
        }
        const std::size_t begin = at_++;
        const auto inside = read_choice(depth + 1);
        if (inside && look() != ')') {
            fail_at(place_of(begin), ErrorCode::malformed, "this \"(\" is not closed.");
            return std::nullopt;
        }
        ++at_;
        return inside;
    }

    std::optional<ExpressionId> read_repetitions(ExpressionId item, std::size_t depth) {
        for (std::size_t count = 0;; ++count) {
            skip_space(depth > 0);
            Expression repetition;
            repetition.kind = Expression::Kind::repetition;
            repetition.most = kUnbounded;
            const char c = look();
            if (c == '*' || c == '+' || c == '?') {
                repetition.least = c == '+' ? 1 : 0;
                repetition.most = c == '?' ? 1 : kUnbounded;
                ++at_;
            } else if (c == '{') {
                if (!read_bounds(repetition)) {
                    return std::nullopt;
                }
            } else {
                return item;
            }
            if (count == Grammar::kMaxNesting) {
                fail("too many repetitions of repetitions.", ErrorCode::too_large);
                return std::nullopt;
            }
            repetition.children.push_back(item);
            item = keep(std::move(repetition));
        }
    }

    std::optional<std::uint32_t> read_count() {
        skip_space(true);
        const std::size_t begin = at_;
        std::uint32_t value = 0;
        for (; look() >= '0' && look() <= '9'; ++at_) {
            value = std::min<std::uint32_t>(value * 10 + static_cast<std::uint32_t>(look() - '0'), 1U << 20U);
        }
        if (at_ == begin) {
            fail("a number is expected.");
            return std::nullopt;
        }
        if (value > Grammar::kMaxRepetitions) {
            at_ = begin;
            fail("there may be at most " + std::to_string(Grammar::kMaxRepetitions) + " repetitions.",
                 ErrorCode::too_large);
            return std::nullopt;
        }
        skip_space(true);
        return value;
    }

    bool read_bounds(Expression& repetition) {
        const std::size_t begin = at_++;
        const auto least = read_count();
        if (!least) {
            return false;
        }
        repetition.least = repetition.most = *least;
        if (look() == ',') {
            ++at_;
            skip_space(true);
            repetition.most = kUnbounded;
            if (look() != '}') {
                const auto most = read_count();
                if (!most) {
                    return false;
                }
                repetition.most = *most;
            }
        }
        if (look() != '}') {
            return fail("\"}\" is expected.");
        }
        ++at_;
        return repetition.least <= repetition.most ||
               fail_at(place_of(begin), ErrorCode::malformed, "the bounds are the wrong way round.");
    }

    std::optional<char32_t> read_hex(std::size_t digits) {
        char32_t value = 0;
        for (std::size_t i = 0; i < digits; ++i, ++at_) {
            const auto digit = hex_digit(look());
            if (!digit) {
                fail("a hexadecimal digit is expected (" + std::to_string(digits) + " of them).");
                return std::nullopt;
            }
            value = value * 16 + *digit;
        }
        if (!is_scalar(value)) {
            fail("this is not the number of a character.");
            return std::nullopt;
        }
        return value;
    }

    std::optional<char32_t> read_escape() {
        ++at_;
        const char c = look();
        ++at_;
        switch (c) {
            case 'n':
                return U'\n';
            case 'r':
                return U'\r';
            case 't':
                return U'\t';
            case '\\':
            case '"':
            case '[':
            case ']':
            case '^':
            case '-':
            case '/':
                return static_cast<char32_t>(c);
            case 'x':
                return read_hex(2);
            case 'u':
                return read_hex(4);
            case 'U':
                return read_hex(8);
            default:
                --at_;
                fail("this escape is not known.");
                return std::nullopt;
        }
    }

    std::optional<char32_t> read_character(const char* where) {
        if (at_end() || look() == '\n') {
            fail(std::string(where) + " is not closed on its line.");
            return std::nullopt;
        }
        if (look() == '\\') {
            return read_escape();
        }
        const Utf8Char decoded = decode_utf8(text_.substr(at_));
        if (!decoded.valid) {
            fail("the text is not valid UTF-8 here.");
            return std::nullopt;
        }
        at_ += decoded.length;
        return decoded.code;
    }

    std::optional<ExpressionId> read_literal() {
        Expression literal;
        literal.kind = Expression::Kind::literal;
        ++at_;
        while (look() != '"') {
            const auto character = read_character("the literal");
            if (!character) {
                return std::nullopt;
            }
            append_utf8(*character, literal.bytes);
        }
        ++at_;
        return keep(std::move(literal));
    }

    std::optional<ExpressionId> read_class() {
        const std::size_t begin = at_++;
        const bool negated = look() == '^';
        at_ += negated ? 1 : 0;
        std::vector<CodeRange> ranges;
        while (look() != ']') {
            const auto first = read_character("the class of characters");
            if (!first) {
                return std::nullopt;
            }
            CodeRange range{*first, *first};
            if (look() == '-' && look(1) != ']') {
                ++at_;
                const auto last = read_character("the class of characters");
                if (!last) {
                    return std::nullopt;
                }
                range.last = *last;
            }
            if (range.last < range.first) {
                fail("the range is the wrong way round.");
                return std::nullopt;
            }
            ranges.push_back(range);
        }
        ++at_;
        Expression characters;
        characters.kind = Expression::Kind::characters;
        characters.ranges = negated ? complement(std::move(ranges)) : normalised(std::move(ranges));
        if (characters.ranges.empty()) {
            fail_at(place_of(begin), ErrorCode::malformed, "no character belongs to this class.");
            return std::nullopt;
        }
        return keep(std::move(characters));
    }

    void check_rules() {
        for (std::size_t i = 0; i < syntax_.rules.size(); ++i) {
            if (!syntax_.rules[i].defined) {
                fail_at(place_of(first_use_[i]), ErrorCode::malformed,
                        "there is no rule \"" + syntax_.rules[i].name + "\".");
                return;
            }
        }
        const auto root = names_.find("root");
        if (root == names_.end()) {
            fail_at(Place{}, ErrorCode::malformed, "there is no rule \"root\".");
            return;
        }
        syntax_.root = root->second;
    }

    std::string_view text_;
    std::vector<std::size_t> lines_;  // offsets of their beginnings
    std::size_t at_ = 0;
    Syntax syntax_;
    std::unordered_map<std::string, std::uint32_t> names_;
    std::vector<std::size_t> first_use_;  // of each rule: offset
    std::optional<Error> error_;
};

}  // namespace

Result<Syntax> read_gbnf(std::string_view text) {
    return Reader(text).read();
}

}  // namespace tendril::engine::grammar
