// SPDX-License-Identifier: Apache-2.0
// Which of a person's sentences stay word for word. Pure; any thread.
#include "prompt/context/said.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "prompt/compress/characters.h"
#include "prompt/context/notes.h"

namespace tendril::prompt::context {
namespace {

using compression::CharacterKind;
using skeleton::Pattern;
using skeleton::Word;

constexpr std::size_t kLongestSentence = 400;  // bytes; of longer ones each clause is looked at
constexpr double kSaidShare = 0.5;             // of a short text's budget, for what was said word for word
constexpr std::size_t kLeastSaid = 128;        // tokens that it has anyhow: half a dozen short sentences

bool found(const std::vector<Pattern>& patterns, std::span<const Word> words) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const Pattern& pattern) { return pattern.found_in(words); });
}

bool is_question(std::string_view sentence) {
    return sentence.ends_with('?') || sentence.ends_with("\xEF\xBC\x9F");
}

/// Text without fenced code blocks.
std::string prose_of(std::string_view text) {
    std::string prose;
    bool code = false;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::string_view line = text.substr(at, end - at);
        if (skeleton::trimmed(line).starts_with("```")) {
            code = !code;
        } else if (!code) {
            prose += line;
        }
        at = end;
    }
    return prose;
}

/// Digits of any script, and Han numerals that count something: two of them, or one but 一, which is also
/// "a".
bool has_number(std::string_view text) {
    std::size_t numerals = 0;
    for (std::size_t at = 0; at < text.size();) {
        const compression::Character c = compression::character_at(text, at);
        numerals = compression::is_han_numeral(c.value) ? numerals + 1 : 0;
        if (c.kind == CharacterKind::digit || numerals >= 2 || compression::counts_alone(c.value)) {
            return true;
        }
        at += c.bytes;
    }
    return false;
}

/// The clauses of a sentence, with what ends them.
std::vector<std::string_view> clauses_of(std::string_view sentence) {
    std::vector<std::string_view> clauses;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < sentence.size();) {
        const compression::Character c = compression::character_at(sentence, at);
        at += c.bytes;
        // "1,000" and "17:40" go on.
        const bool ends = c.kind == CharacterKind::pause &&
                          (c.value >= 0x80 || at == sentence.size() || sentence[at] == ' ');
        if (!ends && at < sentence.size()) {
            continue;
        }
        if (const auto clause = skeleton::trimmed(sentence.substr(begin, at - begin)); !clause.empty()) {
            clauses.push_back(clause);
        }
        begin = at;
    }
    return clauses;
}

/// Without the comma that joins it to what follows.
std::string_view without_pause(std::string_view text) {
    while (!text.empty()) {
        const std::size_t last = compression::before(text, text.size());
        const CharacterKind kind = compression::character_at(text, last).kind;
        if (kind != CharacterKind::pause && kind != CharacterKind::blank) {
            break;
        }
        text = text.substr(0, last);
    }
    return text;
}

/// What a sentence says that may be kept: an endless one is looked at clause by clause.
std::vector<std::string_view> statements_of(std::string_view sentence) {
    if (is_question(sentence)) {
        return {};
    }
    if (sentence.size() <= kLongestSentence) {
        return {sentence};
    }
    std::vector<std::string_view> statements;
    for (const std::string_view clause : clauses_of(sentence)) {
        // Short ones belong together as far as they may.
        std::string_view& last = statements.empty() ? sentence : statements.back();
        const auto joined = static_cast<std::size_t>(clause.data() + clause.size() - last.data());
        if (!statements.empty() && joined <= kLongestSentence) {
            last = {last.data(), joined};
        } else {
            statements.push_back(clause);
        }
    }
    for (std::string_view& one : statements) {
        one = without_pause(one);
    }
    return statements;
}

/// 3: a rule; 2: told of themselves; 1: has a number; 0: none of these.
int rank_of(std::string_view statement, const NoteWords& words) {
    if (statement.size() > kLongestSentence) {
        return 0;
    }
    const std::vector<Word> parts = skeleton::words_of(statement);
    if (parts.size() < 2) {
        return 0;
    }
    return found(words.rules, parts) ? 3 : found(words.facts, parts) ? 2 : has_number(statement) ? 1 : 0;
}

}  // namespace

std::string key_of(std::string_view sentence) {
    std::string key;
    for (const Word& word : skeleton::words_of(sentence)) {
        key += word.text + " ";
    }
    return key;
}

std::string item_of(std::string_view sentence) {
    return "- " + std::string(sentence);
}

std::size_t budget_of_said(std::size_t budget) {
    return std::max(std::min(budget, kLeastSaid),
                    static_cast<std::size_t>(static_cast<double>(budget) * kSaidShare));
}

std::vector<std::string> kept_sentences(const std::vector<std::string_view>& messages, const NoteWords& words,
                                        std::size_t budget, const TextCounter& count) {
    struct Candidate {
        std::string text;
        int rank = 0;
        bool taken = false;
    };
    std::vector<Candidate> all;
    std::set<std::string> seen;
    // From the newest on: what was said twice stands where it was said last.
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
        const std::string prose = prose_of(*message);
        auto sentences = skeleton::sentences_of(prose);
        std::reverse(sentences.begin(), sentences.end());
        for (const std::string_view sentence : sentences) {
            auto statements = statements_of(sentence);
            std::reverse(statements.begin(), statements.end());
            for (const std::string_view one : statements) {
                const int rank = rank_of(one, words);
                if (rank > 0 && seen.insert(key_of(one)).second) {
                    all.push_back({std::string(one), rank, false});
                }
            }
        }
    }
    std::size_t tokens = 0;
    for (const int rank : {3, 2, 1}) {
        for (Candidate& one : all) {
            const std::size_t cost = one.rank == rank ? count(item_of(one.text)) : 0;
            if (one.rank == rank && tokens + cost <= budget) {
                tokens += cost;
                one.taken = true;
            }
        }
    }
    std::vector<std::string> kept;
    for (auto one = all.rbegin(); one != all.rend(); ++one) {
        if (one->taken) {
            kept.push_back(std::move(one->text));
        }
    }
    return kept;
}

}  // namespace tendril::prompt::context
