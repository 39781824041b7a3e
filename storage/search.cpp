// SPDX-License-Identifier: Apache-2.0
// Full-text search over titles and messages. See sqlite_store.h.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "storage/sqlite_store.h"

namespace tendril::storage {

namespace {

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words(1);
    for (const char c : text) {
        if (c == '\0' || std::isspace(static_cast<unsigned char>(c)) != 0) {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    std::erase(words, std::string());
    return words;
}

/// Every word must occur, as a prefix; quoting keeps FTS5's operators from being read in what a person typed.
std::string to_query(const std::vector<std::string>& words) {
    std::string query;
    for (const std::string& word : words) {
        query += query.empty() ? "\"" : " \"";
        for (const char c : word) {
            query += c == '"' ? "\"\"" : std::string(1, c);
        }
        query += "\"*";
    }
    return query;
}

/// Scripts without spaces between words (Chinese, Japanese, Thai, ...) cannot be found by word; U+0E00 and up
/// is a good enough line.
bool needs_substring(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0xE0; });
}

std::string escape_like(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') {
            pattern += '\\';
        }
        pattern += c;
    }
    return pattern + "%";
}

constexpr std::size_t kSnippetBytes = 60;  // on either side of a substring hit

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::string cut_snippet(const std::string& text, std::size_t at, std::size_t length) {
    std::size_t from = at > kSnippetBytes ? at - kSnippetBytes : 0;
    std::size_t to = std::min(text.size(), at + length + kSnippetBytes);
    while (from > 0 && continues_character(text[from])) {
        --from;
    }
    while (to < text.size() && continues_character(text[to])) {
        ++to;
    }
    return (from > 0 ? "…" : "") + text.substr(from, at - from) + "\x02" + text.substr(at, length) + "\x03" +
           text.substr(at + length, to - at - length) + (to < text.size() ? "…" : "");
}

}  // namespace

void SqliteStore::search_titles(const std::string& query, std::size_t limit, std::vector<SearchHit>& hits) {
    SQLite::Statement rows(*database_,
                           "SELECT c.id, c.title, highlight(title_search, 0, char(2), char(3)) FROM "
                           "title_search JOIN conversation c "
                           "ON c.id=title_search.rowid WHERE title_search MATCH ? AND c.deleted IS NULL "
                           "ORDER BY c.updated DESC LIMIT ?");
    rows.bind(1, query);
    rows.bind(2, static_cast<std::int64_t>(limit));
    while (rows.executeStep()) {
        hits.push_back(
            {rows.getColumn(0).getInt64(), 0, rows.getColumn(1).getString(), rows.getColumn(2).getString()});
    }
}

void SqliteStore::search_messages(const std::string& query, std::size_t limit, std::vector<SearchHit>& hits) {
    SQLite::Statement rows(*database_,
                           "SELECT c.id, m.id, c.title, snippet(message_search, 0, char(2), char(3), '…', "
                           "14) FROM message_search JOIN message m "
                           "ON m.id=message_search.rowid JOIN conversation c ON c.id=m.conversation "
                           "WHERE message_search MATCH ? AND c.deleted IS NULL ORDER BY rank LIMIT ?");
    rows.bind(1, query);
    rows.bind(2, static_cast<std::int64_t>(limit));
    while (rows.executeStep()) {
        hits.push_back({rows.getColumn(0).getInt64(), rows.getColumn(1).getInt64(),
                        rows.getColumn(2).getString(), rows.getColumn(3).getString()});
    }
}

void SqliteStore::search_substring(std::string_view words, std::size_t limit, std::vector<SearchHit>& hits) {
    SQLite::Statement rows(
        *database_,
        "SELECT c.id, m.id, c.title, m.text FROM message m JOIN conversation c ON c.id=m.conversation "
        "WHERE m.text LIKE ? ESCAPE '\\' AND c.deleted IS NULL ORDER BY m.id DESC LIMIT ?");
    rows.bind(1, escape_like(words));
    rows.bind(2, static_cast<std::int64_t>(limit));
    while (rows.executeStep()) {
        const std::string text = rows.getColumn(3).getString();
        const MessageId id = rows.getColumn(1).getInt64();
        const std::size_t at = text.find(words);
        const bool known =
            std::any_of(hits.begin(), hits.end(), [&](const SearchHit& hit) { return hit.message == id; });
        if (at != std::string::npos && !known) {
            hits.push_back({rows.getColumn(0).getInt64(), id, rows.getColumn(2).getString(),
                            cut_snippet(text, at, words.size())});
        }
    }
}

Result<std::vector<SearchHit>> SqliteStore::search(std::string_view text, std::size_t limit) {
    return guarded("searching", [&]() -> Result<std::vector<SearchHit>> {
        std::vector<SearchHit> hits;
        const std::vector<std::string> words = split_words(text);
        if (words.empty()) {
            return hits;
        }
        const std::string query = to_query(words);
        search_titles(query, limit, hits);
        search_messages(query, limit, hits);
        if (hits.size() < limit && needs_substring(text)) {
            const auto first = text.find_first_not_of(" \t\n");
            const auto last = text.find_last_not_of(" \t\n");
            search_substring(text.substr(first, last - first + 1), limit, hits);
        }
        hits.resize(std::min(hits.size(), limit));
        return hits;
    });
}

}  // namespace tendril::storage
