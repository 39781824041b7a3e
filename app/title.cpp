// SPDX-License-Identifier: Apache-2.0
// Cuts titles. Pure, no state.
#include "app/title.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <sstream>
#include <vector>

namespace tendril::app {
namespace {

constexpr std::size_t kTitleCharacters = 48;
constexpr std::size_t kShortestCut = 24;  // a cut between words must leave at least this much

bool is_blank(char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
}
bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

/// Markdown's opening marks say nothing in a title.
bool is_decoration(char c) {
    return c == '#' || c == '>' || c == '`' || c == '*';
}

/// Marks around a title that are not part of it: quotes of several languages, Markdown, brackets.
constexpr std::string_view kWrapping[] = {"\"", "'", "`",  "*",  "_",  "#",  ">", "“", "”", "„", "‘", "’",
                                          "«",  "»", "「", "」", "『", "』", "[", "]", "(", ")", "- "};
constexpr std::string_view kEndings[] = {".", ":", ";", ",", "!", "。"};
constexpr std::string_view kLabels[] = {"title", "name", "topic", "conversation name", "conversation title",
                                        "titel", "thema"};
/// Beginnings of sentences, not of names.
constexpr std::string_view kTalk[] = {
    "i ",        "i'm",       "i’m",       "sure",       "here ",
    "here's",    "as an ",    "the title", "the name",   "this conversation",
    "certainly", "of course", "okay",      "sorry",      "you ",
    "we ",       "it ",       "name this", "reply with", "yes",
    "no,"};
constexpr std::size_t kMostWords = 9;

/// The question as small models give it back in the language of the conversation.
constexpr std::string_view kGermanQuestion =
    "Benenne dieses Gespräch in zwei bis fünf Wörtern, in seiner Sprache. Antworte nur mit dem Namen. "
    "Nenne diese Unterhaltung, diese Konversation mit zwei bis fünf Worten in ihrer Sprache. Gib nur den "
    "Namen an. Der Name für das Gespräch: Titel des Gesprächs, dieser Unterhaltung, fünf Wörter.";
/// Little words that an echo may have beside those of the question.
constexpr std::string_view kFillers[] = {"a",   "an",  "of",   "is",  "and",  "for", "or",    "title", "name",
                                         "der", "die", "das",  "ein", "eine", "ist", "eines", "einer", "und",
                                         "des", "von", "oder", "2",   "5",    "2-5", "2–5"};
constexpr std::size_t kEchoedRun = 4;  ///< words in a row as in the question: no name by chance

bool strip_front(std::string_view& text, std::string_view mark) {
    const bool there = text.starts_with(mark);
    text.remove_prefix(there ? mark.size() : 0);
    return there;
}
bool strip_back(std::string_view& text, std::string_view mark) {
    const bool there = text.ends_with(mark);
    text.remove_suffix(there ? mark.size() : 0);
    return there;
}
void strip_blanks(std::string_view& text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
}

/// ASCII, and the letters of western Europe (U+00C0 to U+00DE).
std::string lower(std::string_view text) {
    std::string small(text);
    for (std::size_t i = 0; i < small.size(); ++i) {
        const auto byte = static_cast<unsigned char>(small[i]);
        const bool ascii = byte >= 'A' && byte <= 'Z';
        const bool western = i > 0 && small[i - 1] == '\xC3' && byte >= 0x80 && byte <= 0x9E && byte != 0x97;
        small[i] = static_cast<char>(byte + (ascii || western ? 0x20 : 0));
    }
    return small;
}

void strip_label(std::string_view& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return;
    }
    std::string before = lower(text.substr(0, colon));
    before.erase(
        std::remove_if(before.begin(), before.end(), [](char c) { return is_decoration(c) || c == '_'; }),
        before.end());
    if (std::find(std::begin(kLabels), std::end(kLabels), before) != std::end(kLabels)) {
        text.remove_prefix(colon + 1);
    }
}

/// Takes off wrapping, labels and endings in whatever order they stand around each other.
void unwrap(std::string_view& text) {
    for (std::size_t before = text.size() + 1; before != text.size();) {
        before = text.size();
        strip_blanks(text);
        strip_label(text);
        for (const std::string_view mark : kWrapping) {
            strip_front(text, mark);
            strip_back(text, mark);
        }
        for (const std::string_view mark : kEndings) {
            strip_back(text, mark);
        }
    }
}

bool has_letters(std::string_view text) {
    const auto letters = std::count_if(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0xC0;
    });
    return letters >= 2;
}

std::vector<std::string> words_of(const std::string& small) {
    std::vector<std::string> words;
    std::istringstream in(small);
    for (std::string word; in >> word;) {
        words.push_back(word);
    }
    return words;
}

bool is_talk(const std::string& small) {
    return std::any_of(std::begin(kTalk), std::end(kTalk),
                       [&](std::string_view talk) { return std::string_view(small).starts_with(talk); });
}

/// Without the marks around a word.
std::vector<std::string> bare_words(std::string_view text) {
    std::vector<std::string> words = words_of(lower(text));
    for (std::string& word : words) {
        const std::size_t first = word.find_first_not_of("\"'.,:;!?()[]*_`");
        const std::size_t last = word.find_last_not_of("\"'.,:;!?()[]*_`");
        word = first == std::string::npos ? std::string() : word.substr(first, last - first + 1);
    }
    std::erase(words, std::string());
    return words;
}

bool echoes(const std::vector<std::string>& title, std::string_view question) {
    const std::vector<std::string> asked = bare_words(question);
    for (std::size_t i = 0; i + kEchoedRun <= title.size(); ++i) {
        const auto run = title.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::search(asked.begin(), asked.end(), run, run + kEchoedRun) != asked.end()) {
            return true;
        }
    }
    const auto is_asked = [&](const std::string& word) {
        return std::find(asked.begin(), asked.end(), word) != asked.end();
    };
    return std::any_of(title.begin(), title.end(), is_asked) &&
           std::all_of(title.begin(), title.end(), [&](const std::string& word) {
               return is_asked(word) ||
                      std::find(std::begin(kFillers), std::end(kFillers), word) != std::end(kFillers);
           });
}

/// What only gives the question back.
bool is_echo(std::string_view text) {
    const std::vector<std::string> title = bare_words(text);
    return echoes(title, kTitleQuestion) || echoes(title, kGermanQuestion);
}

bool is_silly(std::string_view title) {
    const std::string small = lower(title);
    const std::vector<std::string> words = words_of(small);
    const bool repeats =
        words.size() >= 3 && std::set<std::string>(words.begin(), words.end()).size() * 2 <= words.size();
    return !has_letters(title) || is_talk(small) || is_echo(title) || repeats || words.size() > kMostWords ||
           title.find_first_of("<>{}|\\=") != std::string_view::npos ||
           title.find(". ") != std::string_view::npos;
}

}  // namespace

std::string title_from_answer(std::string_view answer, bool whole) {
    strip_blanks(answer);
    const std::size_t line = answer.find('\n');
    if (line == std::string_view::npos && !whole) {
        return {};
    }
    std::string_view text = answer.substr(0, line);
    unwrap(text);
    const auto characters =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
    if (characters > kTitleCharacters || is_silly(text)) {
        return {};
    }
    return title_from(text);
}

std::string title_from(std::string_view question) {
    std::size_t begin = 0;
    while (begin < question.size() && (is_blank(question[begin]) || is_decoration(question[begin]))) {
        ++begin;
    }
    std::string title;
    std::size_t characters = 0;
    std::size_t word_end = 0;  // bytes of the title up to the last blank
    std::size_t word_characters = 0;
    for (const char c : question.substr(begin)) {
        const bool blank = is_blank(c);
        if (blank && (title.empty() || title.back() == ' ')) {
            continue;
        }
        if (blank) {
            word_end = title.size();
            word_characters = characters;
        }
        if (starts_character(c) && characters == kTitleCharacters) {
            title.resize(blank || word_characters < kShortestCut ? title.size() : word_end);
            return title + "…";
        }
        characters += starts_character(c) ? 1 : 0;
        title += blank ? ' ' : c;
    }
    while (!title.empty() && title.back() == ' ') {
        title.pop_back();
    }
    return title;
}

}  // namespace tendril::app
