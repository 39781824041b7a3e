// SPDX-License-Identifier: Apache-2.0
// Reads resources/prompts/skeleton.json and says what is wrong with it in words. Pure; any thread.
#include "prompt/skeleton/phrases.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace tendril::prompt::skeleton {
namespace {

using nlohmann::json;

/// A missing or mistyped member throws inside parse() only.
Script script_named(const std::string& name) {
    return name == "han" ? Script::han : name == "latin" ? Script::latin : Script::other;
}

std::vector<Pattern> read_patterns(const json& list) {
    std::vector<Pattern> patterns;
    for (const json& source : list) {
        auto pattern = Pattern::parse(source.get<std::string>());
        if (!pattern) {
            throw std::invalid_argument(pattern.error().message + " " + pattern.error().detail);
        }
        patterns.push_back(std::move(*pattern));
    }
    return patterns;
}

Reason read_reason(const json& from) {
    return {from.at("key").get<std::string>(), from.at("sentence").get<std::string>()};
}

RouterText read_router(const json& from) {
    RouterText text{from.at("text").get<std::string>(), from.at("options").get<std::vector<std::string>>(),
                    from.at("suits").get<std::size_t>()};
    if (text.suits >= text.options.size() || text.options.size() < 2) {
        throw std::invalid_argument("A router question needs two options and one that suits.");
    }
    return text;
}

Language read_language(const json& from) {
    Language language;
    language.code = from.at("code").get<std::string>();
    language.script = script_named(from.at("script").get<std::string>());
    language.words = from.at("words").get<std::vector<std::string>>();
    for (const json& one : from.at("router")) {
        language.router.push_back(read_router(one));
    }
    language.outline = from.at("outline").get<std::string>();
    language.point = from.at("point").get<std::string>();
    language.point_needing = from.at("point_needing").get<std::string>();
    language.heading = from.at("heading").get<std::string>();
    language.needs_open = from.at("needs_open").get<std::string>();
    language.needs_close = from.at("needs_close").get<std::string>();
    language.title_words = from.at("title_words").get<std::uint32_t>();
    language.loose_ends = from.at("loose_ends").get<std::vector<std::string>>();
    language.tokens_per_word = from.at("tokens_per_word").get<double>();
    return language;
}

Limits read_limits(const json& from) {
    Limits limits;
    const std::array<std::pair<const char*, std::uint32_t*>, 15> counts{{
        {"least_points", &limits.least_points},
        {"most_points", &limits.most_points},
        {"outline_tokens", &limits.outline_tokens},
        {"least_question_words", &limits.least_question_words},
        {"most_question_words", &limits.most_question_words},
        {"point_sentences", &limits.point_sentences},
        {"first_cap_tokens", &limits.first_cap_tokens},
        {"least_cap_tokens", &limits.least_cap_tokens},
        {"grace_tokens", &limits.grace_tokens},
        {"typical_points", &limits.typical_points},
        {"typical_title_tokens", &limits.typical_title_tokens},
        {"typical_point_tokens", &limits.typical_point_tokens},
        {"typical_instruction_tokens", &limits.typical_instruction_tokens},
        {"typical_suffix_tokens", &limits.typical_suffix_tokens},
        {"most_lanes", &limits.most_lanes},
    }};
    for (const auto& [name, value] : counts) {
        *value = from.at(name).get<std::uint32_t>();
    }
    const std::array<std::pair<const char*, double*>, 7> shares{{
        {"title_likeness", &limits.title_likeness},
        {"sentence_likeness", &limits.sentence_likeness},
        {"cap_over_median", &limits.cap_over_median},
        {"overlap", &limits.overlap},
        {"least_gain", &limits.least_gain},
        {"reading_tokens_per_second", &limits.reading_tokens_per_second},
        {"lead_seconds", &limits.lead_seconds},
    }};
    for (const auto& [name, value] : shares) {
        *value = from.at(name).get<double>();
    }
    return limits;
}

Veto read_veto(const json& from) {
    return {read_reason(from), read_patterns(from.at("patterns")), from.value("follow_up", false),
            from.value("most_words", 0U)};
}

Phrases read(const json& from) {
    Phrases phrases;
    for (const json& one : from.at("languages")) {
        Language& language = phrases.languages.emplace_back(read_language(one));
        language.least_mass = from.at("router_least_mass").get<double>();
        language.most_bias = from.at("router_most_bias").get<double>();
    }
    phrases.openers = read_patterns(from.at("openers"));
    phrases.empty_titles = read_patterns(from.at("empty_titles"));
    for (const json& one : from.at("vetoes")) {
        phrases.vetoes.push_back(read_veto(one));
    }
    for (const json& one : from.at("reasons")) {
        phrases.reasons.push_back(read_reason(one));
    }
    phrases.router_threshold = from.at("router_threshold").get<double>();
    phrases.limits = read_limits(from.at("limits"));
    return phrases;
}

}  // namespace

Result<Phrases> Phrases::parse(std::string_view text) {
    try {
        Phrases phrases = read(json::parse(text));
        if (phrases.language("en") == nullptr || phrases.language("other") == nullptr) {
            return fail(ErrorCode::malformed, "The prompts for long answers lack English texts.");
        }
        return phrases;
    } catch (const std::exception& error) {
        return fail(ErrorCode::malformed, "The prompts for long answers cannot be read.", error.what());
    }
}

const Language* Phrases::language(std::string_view code) const {
    const auto found = std::find_if(languages.begin(), languages.end(),
                                    [&](const Language& language) { return language.code == code; });
    return found == languages.end() ? nullptr : &*found;
}

const Language& Phrases::language_of(std::string_view text) const {
    const Script script = script_of(text);
    const std::vector<Word> words = words_of(text);
    const Language* best = language("other");
    std::size_t most = 0;
    for (const Language& language : languages) {
        if (language.script != script || language.code == "other") {
            continue;
        }
        const auto known =
            static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [&](const Word& word) {
                return std::find(language.words.begin(), language.words.end(), word.text) !=
                       language.words.end();
            }));
        // A script with one language in it needs no frequent words.
        const std::size_t score = language.words.empty() ? 1 : known;
        if (score > most) {
            most = score;
            best = &language;
        }
    }
    return *best;
}

Reason Phrases::reason(std::string_view key) const {
    for (const Reason& reason : reasons) {
        if (reason.key == key) {
            return reason;
        }
    }
    return {std::string(key), "This question gets a normal answer."};
}

}  // namespace tendril::prompt::skeleton
