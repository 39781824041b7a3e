// SPDX-License-Identifier: Apache-2.0
// See words.h.
#include "prompt/retrieval/words.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>

#include "prompt/code_point.h"

namespace tendril::prompt {
namespace {

constexpr std::size_t kMostPhrases = 64;
constexpr std::size_t kLongestWord = 100;  // bytes; longer ones are no words

/// Of English, German, French, Spanish and Italian; ASCII in lower case, the rest as it is mostly written. In
/// the order of their bytes.
constexpr std::string_view kStopWords[] = {
    "a",     "about", "according", "all",    "alle",    "also",    "am",       "an",      "and",  "any",
    "are",   "as",    "at",        "au",     "auf",     "aus",     "avec",     "be",      "been", "bei",
    "bitte", "but",   "by",        "c",      "can",     "che",     "come",     "comment", "como", "con",
    "could", "cual",  "d",         "da",     "dans",    "das",     "dass",     "de",      "dem",  "den",
    "der",   "des",   "di",        "did",    "die",     "do",      "document", "does",    "du",   "e",
    "each",  "ein",   "eine",      "einem",  "einen",   "einer",   "el",       "en",      "er",   "es",
    "est",   "et",    "file",      "find",   "for",     "from",    "für",      "gibt",    "give", "had",
    "has",   "hat",   "have",      "he",     "her",     "his",     "how",      "i",       "ich",  "if",
    "il",    "im",    "in",        "into",   "is",      "ist",     "it",       "its",     "j",    "kann",
    "l",     "la",    "las",       "le",     "les",     "list",    "los",      "many",    "me",   "mit",
    "much",  "my",    "no",        "not",    "o",       "of",      "on",       "one",     "or",   "ou",
    "para",  "per",   "please",    "por",    "pour",    "que",     "quel",     "quelle",  "qui",  "quoi",
    "s",     "say",   "says",      "se",     "should",  "show",    "sich",     "sie",     "sind", "so",
    "sont",  "su",    "sur",       "t",      "tell",    "text",    "than",     "that",    "the",  "their",
    "them",  "then",  "there",     "these",  "they",    "this",    "to",       "u",       "um",   "un",
    "una",   "und",   "une",       "up",     "use",     "used",    "using",    "von",     "wann", "war",
    "warum", "was",   "we",        "welche", "welcher", "welches", "wer",      "were",    "what", "when",
    "where", "which", "who",       "whom",   "whose",   "why",     "wie",      "wieviel", "will", "wird",
    "with",  "wo",    "would",     "you",    "your",    "zu",      "zum",      "zur",     "über"};

/// Characters of Chinese questions that say that they are questions.
constexpr std::uint32_t kStopCharacters[] = {0x4E48, 0x4E86, 0x4EC0, 0x5417, 0x5462, 0x54EA,
                                             0x600E, 0x662F, 0x7684, 0x8BF7, 0x8C01, 0x95EE};

struct Character {
    std::uint32_t code;
    std::size_t bytes;
};

/// Bytes that are no UTF-8 count one by one, as what they are.
Character character_at(std::string_view text, std::size_t at) {
    const CodePoint found = code_point_at(text, at);
    return {found.value < 0 ? static_cast<unsigned char>(text[at]) : static_cast<std::uint32_t>(found.value),
            found.bytes};
}

bool stands_alone(std::uint32_t c) {
    return (c >= 0x0E00 && c < 0x0F00) || (c >= 0x1000 && c < 0x10A0) || (c >= 0x1780 && c < 0x1800) ||
           (c >= 0x2E80 && c < 0x3000) || (c >= 0x3040 && c < 0xA4D0) || (c >= 0xAC00 && c < 0xD7B0) ||
           (c >= 0xF900 && c < 0xFB00) || (c >= 0xFF66 && c < 0xFFA0) || (c >= 0x20000 && c < 0x40000);
}

/// Part of a word of a script with blanks.
bool in_word(std::uint32_t c) {
    if (c < 0x80) {
        return std::isalnum(static_cast<int>(c)) != 0 || c == '_';
    }
    const bool mark =
        c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c < 0x2C00) || (c >= 0x2E00 && c < 0x2E80) ||
        (c >= 0x3000 && c < 0x3040) || (c >= 0xFE30 && c < 0xFE70) || (c >= 0xFF00 && c < 0xFF10) ||
        (c >= 0xFF1A && c < 0xFF21) || (c >= 0xFF3B && c < 0xFF41) || (c >= 0xFF5B && c < 0xFF66) ||
        (c >= 0xFFF0 && c < 0x10000) || (c >= 0x1F000 && c < 0x20000);
    return !mark && !stands_alone(c);
}

bool is_stop_word(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) {
        return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
    });
    return std::binary_search(std::begin(kStopWords), std::end(kStopWords), word);
}

bool is_stop_character(std::uint32_t c) {
    return std::binary_search(std::begin(kStopCharacters), std::end(kStopCharacters), c);
}

/// "parseHeader_v2" → "parse", "Header", "v2"; nothing when the name is one word.
std::vector<std::string> parts_of(std::string_view name) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        const bool up =
            std::isupper(c) != 0 && i > 0 && std::islower(static_cast<unsigned char>(name[i - 1])) != 0;
        if (c == '_' || up) {
            parts.emplace_back();
        }
        if (c != '_') {
            parts.back() += name[i];
        }
    }
    std::erase_if(parts, [](const std::string& part) { return part.size() < 2; });  // kW is one word
    return parts.size() > 1 ? parts : std::vector<std::string>();
}

struct Phrase {
    std::string text;
    bool stop;
};

/// The phrases of a text, stop words included.
class Phrases {
  public:
    std::vector<Phrase> of(std::string_view text) {
        for (std::size_t at = 0; at < text.size();) {
            const Character c = character_at(text, at);
            const std::string_view bytes = text.substr(at, c.bytes);
            if (stands_alone(c.code)) {
                end_word();
                alone(bytes, c.code);
            } else if (in_word(c.code)) {
                end_run();
                word_ += bytes;
            } else {
                // 7.5 and 10,000 are one number
                const bool point = bytes.size() == 1 && (c.code == '.' || c.code == ',') && !word_.empty() &&
                                   std::isdigit(static_cast<unsigned char>(word_.back())) != 0 &&
                                   at + 1 < text.size() &&
                                   std::isdigit(static_cast<unsigned char>(text[at + 1])) != 0;
                if (point) {
                    word_ += bytes;
                } else {
                    end_word();
                    end_run();
                }
            }
            at += c.bytes;
        }
        end_word();
        end_run();
        return std::move(phrases_);
    }

  private:
    void end_word() {
        if (!word_.empty() && word_.size() <= kLongestWord) {
            phrases_.push_back({word_, is_stop_word(word_)});
            for (std::string& part : parts_of(word_)) {
                const bool stop = is_stop_word(part);
                phrases_.push_back({std::move(part), stop});
            }
        }
        word_.clear();
    }
    void alone(std::string_view bytes, std::uint32_t code) {
        if (!last_.empty()) {
            phrases_.push_back({last_ + " " + std::string(bytes), last_stops_ || is_stop_character(code)});
            paired_ = true;
        }
        last_ = bytes;
        last_stops_ = is_stop_character(code);
    }
    void end_run() {
        if (!last_.empty() && !paired_) {
            phrases_.push_back({last_, last_stops_});
        }
        last_.clear();
        paired_ = false;
    }

    std::vector<Phrase> phrases_;
    std::string word_;
    std::string last_;  // character that stands alone
    bool last_stops_ = false;
    bool paired_ = false;
};

}  // namespace

std::string index_words(std::string_view text) {
    std::string words;
    words.reserve(text.size() + text.size() / 4);
    std::string word;
    const auto end_word = [&] {
        for (const std::string& part : parts_of(word)) {
            words += " " + part;
        }
        word.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        const Character c = character_at(text, at);
        const std::string_view bytes = text.substr(at, c.bytes);
        if (!in_word(c.code)) {
            end_word();
        } else {
            word += bytes;
        }
        if (stands_alone(c.code)) {
            words += " ";
            words += bytes;
            words += " ";
        } else {
            words += bytes;
        }
        at += c.bytes;
    }
    end_word();
    return words;
}

std::vector<std::string> query_phrases(std::string_view question) {
    const std::vector<Phrase> all = Phrases().of(question);
    const bool only_stops =
        std::all_of(all.begin(), all.end(), [](const Phrase& phrase) { return phrase.stop; });
    std::vector<std::string> phrases;
    for (const Phrase& phrase : all) {
        const bool known = std::find(phrases.begin(), phrases.end(), phrase.text) != phrases.end();
        if ((only_stops || !phrase.stop) && !known && phrases.size() < kMostPhrases) {
            phrases.push_back(phrase.text);
        }
    }
    return phrases;
}

}  // namespace tendril::prompt
