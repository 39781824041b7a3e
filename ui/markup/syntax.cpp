// SPDX-License-Identifier: Apache-2.0
// A programming language as the highlighter needs it, read from a JSON table. Safe from any thread.
#include "ui/markup/syntax.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "ui/markup/unicode.h"

namespace tendril::ui::markup {
namespace {

using nlohmann::json;

std::u16string wide(const std::string& text) {
    std::u16string out;
    append_clean(out, text, true);
    return out;
}

std::optional<TokenKind> kind_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, TokenKind>, 12> kKinds{
        {{"plain", TokenKind::plain},
         {"keyword", TokenKind::keyword},
         {"type", TokenKind::type},
         {"constant", TokenKind::constant},
         {"string", TokenKind::string},
         {"number", TokenKind::number},
         {"comment", TokenKind::comment},
         {"function", TokenKind::function},
         {"meta", TokenKind::meta},
         {"name", TokenKind::name},
         {"inserted", TokenKind::inserted},
         {"deleted", TokenKind::deleted}}};
    const auto* found =
        std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& entry) { return entry.first == name; });
    return found == kKinds.end() ? std::nullopt : std::optional(found->second);
}

std::string text_of(const json& object, const char* key, const std::string& otherwise = {}) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

bool flag_of(const json& object, const char* key, bool otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

/// The strings in the list under `key`; words may stand together in one string, separated by spaces.
std::vector<std::string> words_of(const json& object, const char* key) {
    std::vector<std::string> out;
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array()) {
        return out;
    }
    for (const json& entry : *found) {
        std::string rest = entry.is_string() ? entry.get<std::string>() : std::string();
        for (std::size_t begin = rest.find_first_not_of(' '); begin != std::string::npos;) {
            const std::size_t end = std::min(rest.find(' ', begin), rest.size());
            out.push_back(rest.substr(begin, end - begin));
            begin = rest.find_first_not_of(' ', end);
        }
    }
    return out;
}

bool read_delimited(const json& table, Syntax& syntax) {
    for (const auto& [key, kind] :
         {std::pair{"block_comments", TokenKind::comment}, {"strings", TokenKind::string}}) {
        for (const json& entry : table.value(key, json::array())) {
            if (!entry.is_object()) {
                return false;
            }
            Delimited delimited{wide(text_of(entry, "open")), wide(text_of(entry, "close")), 0,
                                flag_of(entry, "multiline", kind == TokenKind::comment),
                                kind_of(text_of(entry, "kind")).value_or(kind)};
            if (delimited.open.empty() || delimited.close.empty()) {
                return false;
            }
            const std::u16string escape = wide(text_of(entry, "escape"));
            delimited.escape = escape.empty() ? u'\0' : escape[0];
            syntax.delimited.push_back(std::move(delimited));
        }
    }
    return true;
}

bool read_line_rules(const json& table, Syntax& syntax) {
    for (const json& entry : table.value("lines", json::array())) {
        const std::optional<TokenKind> kind =
            entry.is_object() ? kind_of(text_of(entry, "kind")) : std::nullopt;
        if (!kind || text_of(entry, "start").empty()) {
            return false;
        }
        syntax.line_rules.push_back({wide(text_of(entry, "start")), *kind, flag_of(entry, "whole", true)});
    }
    return true;
}

}  // namespace

std::optional<Syntax> read_syntax(std::string_view text) {
    const json table = json::parse(text, nullptr, false);
    if (!table.is_object()) {
        return std::nullopt;
    }
    Syntax syntax;
    syntax.name = text_of(table, "name");
    syntax.names = words_of(table, "names");
    syntax.ignore_case = flag_of(table, "ignore_case", false);
    syntax.functions = flag_of(table, "functions", true);
    syntax.keys = flag_of(table, "keys", false);
    syntax.markup = flag_of(table, "markup", false);
    syntax.word_characters = wide(text_of(table, "word_characters"));
    for (const auto& [key, kind] : {std::pair{"keywords", TokenKind::keyword},
                                    {"types", TokenKind::type},
                                    {"constants", TokenKind::constant},
                                    {"builtins", TokenKind::function}}) {
        for (const std::string& word : words_of(table, key)) {
            syntax.words.emplace(wide(word), kind);
        }
    }
    for (const std::string& mark : words_of(table, "line_comments")) {
        syntax.line_comments.push_back(wide(mark));
    }
    const bool lists = table.value("strings", json::array()).is_array() &&
                       table.value("lines", json::array()).is_array() &&
                       table.value("block_comments", json::array()).is_array();
    if (syntax.name.empty() || syntax.names.empty() || !lists || !read_delimited(table, syntax) ||
        !read_line_rules(table, syntax)) {
        return std::nullopt;
    }
    return syntax;
}

}  // namespace tendril::ui::markup
