// SPDX-License-Identifier: Apache-2.0
// Notes. Pure.
#include "prompt/context/notes.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <nlohmann/json.hpp>

#include "prompt/context/said.h"

namespace tendril::prompt::context {
namespace {

using skeleton::Pattern;
using skeleton::Word;

constexpr std::size_t kTelling = 5;     // bytes of a word that says what a sentence is about
constexpr std::size_t kLeastKnown = 2;  // of them, in the source
constexpr std::size_t kLeastWords = 8;  // of a summary
constexpr std::size_t kGram = 4;        // words
constexpr std::size_t kLeastGrams = 12;
constexpr double kLeastDistinct = 0.6;  // share of the runs of four words that are not there twice

Result<std::vector<Pattern>> patterns_of(const nlohmann::json& json, const char* name) {
    std::vector<Pattern> patterns;
    for (const auto& source : json.at(name)) {
        auto pattern = Pattern::parse(source.get<std::string>());
        if (!pattern) {
            return fail(pattern.error());
        }
        patterns.push_back(std::move(*pattern));
    }
    return patterns;
}

Result<NoteWords> words_from(const nlohmann::json& json) {
    NoteWords words;
    const std::pair<const char*, std::string*> texts[] = {
        {"code", &words.code},   {"summarise", &words.summarise}, {"open", &words.open},
        {"said", &words.said},   {"left_out", &words.left_out},   {"excerpt", &words.excerpt},
        {"close", &words.close}, {"user", &words.user},           {"assistant", &words.assistant}};
    for (const auto& [name, text] : texts) {
        *text = json.at(name).get<std::string>();
    }
    const std::pair<const char*, std::vector<Pattern>*> lists[] = {
        {"rules", &words.rules}, {"facts", &words.facts}, {"refusals", &words.refusals}};
    for (const auto& [name, list] : lists) {
        auto patterns = patterns_of(json, name);
        if (!patterns) {
            return fail(patterns.error());
        }
        *list = std::move(*patterns);
    }
    return words;
}

/// Digits that stand together, of two and more.
std::set<std::string> numbers_of(std::string_view text) {
    std::set<std::string> numbers;
    std::string run;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const char c = i < text.size() ? text[i] : ' ';
        if (c >= '0' && c <= '9') {
            run += c;
            continue;
        }
        if (run.size() >= 2) {
            numbers.insert(run);
        }
        run.clear();
    }
    return numbers;
}

bool repeats(std::span<const Word> words) {
    if (words.size() < kLeastGrams + kGram) {
        return false;
    }
    std::set<std::string> grams;
    const std::size_t count = words.size() - kGram + 1;
    for (std::size_t i = 0; i < count; ++i) {
        std::string gram;
        for (std::size_t k = 0; k < kGram; ++k) {
            gram += words[i + k].text + " ";
        }
        grams.insert(std::move(gram));
    }
    return static_cast<double>(grams.size()) < kLeastDistinct * static_cast<double>(count);
}

/// Long words of a text, or its characters where each is a word.
std::vector<std::string> telling_words(std::string_view text) {
    std::vector<std::string> telling;
    for (Word& word : skeleton::words_of(text)) {
        if (word.alone || word.text.size() >= kTelling) {
            telling.push_back(std::move(word.text));
        }
    }
    return telling;
}

/// Small models like to talk about talking: a sentence must be of what was talked about.
class Source {
  public:
    explicit Source(std::string_view text) {
        for (std::string& word : telling_words(text)) {
            words_.insert(stem(std::move(word)));
        }
    }
    bool speaks_of(std::string_view sentence) const {
        const std::vector<std::string> telling = telling_words(sentence);
        const auto known = static_cast<std::size_t>(
            std::count_if(telling.begin(), telling.end(),
                          [this](const std::string& word) { return words_.contains(stem(word)); }));
        return known >= kLeastKnown && 2 * known >= telling.size();
    }

  private:
    /// "trees" and "tree", "planting" and "planted" are alike.
    static std::string stem(std::string word) {
        constexpr std::size_t kStem = 5;  // bytes, at a character's beginning
        std::size_t end = std::min(kStem, word.size());
        while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) {
            ++end;
        }
        word.resize(end);
        return word;
    }

    std::set<std::string> words_;
};

void append_line(std::string& text, std::string_view line) {
    text += text.empty() ? "" : "\n";
    text += line;
}

/// People change languages, and a language's name says little about what they tell of themselves: each is
/// looked through with the patterns of all.
void share_patterns(std::vector<NoteWords>& languages) {
    for (const auto list : {&NoteWords::rules, &NoteWords::facts}) {
        std::vector<Pattern> all;
        for (const NoteWords& one : languages) {
            all.insert(all.end(), (one.*list).begin(), (one.*list).end());
        }
        for (NoteWords& one : languages) {
            one.*list = all;
        }
    }
}

}  // namespace

Result<NotePhrases> NotePhrases::parse(std::string_view json) {
    const auto root = nlohmann::json::parse(json, nullptr, false);
    try {
        NotePhrases phrases;
        for (const auto& language : root.at("languages")) {
            auto words = words_from(language);
            if (!words) {
                return fail(words.error());
            }
            phrases.languages_.push_back(std::move(*words));
        }
        for (const auto& reason : root.at("reasons")) {
            phrases.reasons_.push_back(
                {reason.at("key").get<std::string>(), reason.at("sentence").get<std::string>()});
        }
        if (phrases.languages_.empty() || phrases.languages_.back().code != "other") {
            return fail(ErrorCode::malformed, "The prompts for notes have no texts for other languages.");
        }
        share_patterns(phrases.languages_);
        return phrases;
    } catch (const nlohmann::json::exception& e) {
        return fail(ErrorCode::malformed, "The prompts for notes cannot be read.", e.what());
    }
}

const NoteWords& NotePhrases::of(std::string_view code) const {
    const auto it = std::find_if(languages_.begin(), languages_.end(),
                                 [&](const NoteWords& one) { return one.code == code; });
    return it == languages_.end() ? languages_.back() : *it;
}

std::string NotePhrases::reason(std::string_view key) const {
    const auto it =
        std::find_if(reasons_.begin(), reasons_.end(), [&](const Reason& one) { return one.key == key; });
    return it == reasons_.end() ? std::string() : it->sentence;
}

CheckedSummary check_summary(std::string_view answer, bool whole, std::string_view source,
                             const NoteWords& words, std::size_t budget, const TextCounter& count) {
    std::string_view rest = skeleton::trimmed(answer);
    if (!whole) {
        const std::size_t end = std::max(skeleton::last_sentence_end(rest), rest.rfind('\n') + 1);
        rest = end > 0 ? rest.substr(0, end) : std::string_view();
    }
    const std::vector<Word> all = skeleton::words_of(rest);
    if (all.size() < kLeastWords) {
        return {{}, "empty"};
    }
    if (std::any_of(words.refusals.begin(), words.refusals.end(),
                    [&](const Pattern& pattern) { return pattern.match_at(all) > 0; })) {
        return {{}, "refused"};
    }
    const Source known_words(source);
    const std::set<std::string> known = numbers_of(source);
    const std::string asked = key_of(words.summarise);
    std::set<std::string> said;
    std::string text;
    for (std::size_t at = 0; at < rest.size();) {
        const std::size_t end = std::min(rest.find('\n', at), rest.size());
        std::string line;
        for (const std::string_view sentence : skeleton::sentences_of(rest.substr(at, end - at))) {
            const auto numbers = numbers_of(sentence);
            const std::string key = key_of(sentence);
            const bool invented = !std::includes(known.begin(), known.end(), numbers.begin(), numbers.end());
            const bool echoed = key.size() > 20 && asked.find(key) != std::string::npos;
            if (invented || echoed || !known_words.speaks_of(sentence) || !said.insert(key).second) {
                continue;
            }
            const std::string longer = line + (line.empty() ? "" : " ") + std::string(sentence);
            if (count(text) + count(longer) + 1 > budget) {
                at = rest.size();
                break;
            }
            line = longer;
        }
        if (!line.empty()) {
            append_line(text, line);
        }
        at = std::max(at, end) + 1;
    }
    const std::vector<Word> left = skeleton::words_of(text);
    if (left.size() < kLeastWords) {
        return {{}, "empty"};
    }
    if (repeats(left)) {
        return {{}, "repeats"};
    }
    if (count(text) >= count(source)) {
        return {{}, "longer"};
    }
    return {std::move(text), {}};
}

namespace {

void close(std::string& text, const NoteWords& words, const std::vector<std::string>& kept) {
    if (!kept.empty()) {
        append_line(text, words.said);
        for (const std::string& sentence : kept) {
            append_line(text, item_of(sentence));
        }
    }
    append_line(text, words.close);
}

}  // namespace

std::string notes_of(const NoteWords& words, std::string_view summary, const std::vector<std::string>& kept) {
    std::string text = summary.empty() ? words.left_out : words.open;
    if (!summary.empty()) {
        append_line(text, summary);
    }
    close(text, words, kept);
    return text;
}

std::string excerpt_of(const NoteWords& words, std::string_view text, const std::vector<std::string>& kept) {
    std::string whole = words.excerpt;
    append_line(whole, text);
    close(whole, words, kept);
    return whole;
}

std::string transcript_of(const NoteWords& words, const std::vector<Segment>& segments, std::size_t first,
                          std::size_t last) {
    std::string text;
    for (std::size_t i = first; i < std::min(last, segments.size()); ++i) {
        if (segments[i].keep == Keep::normal) {
            append_line(text, segments[i].role == "user" ? words.user : words.assistant);
            text += " " + std::string(skeleton::trimmed(segments[i].text));
        }
    }
    return text;
}

std::string with_number(std::string text, std::size_t words) {
    constexpr std::string_view kPlace = "{words}";
    for (std::size_t at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace, at)) {
        text.replace(at, kPlace.size(), std::to_string(words));
    }
    return text;
}

}  // namespace tendril::prompt::context
