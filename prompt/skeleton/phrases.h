// SPDX-License-Identifier: Apache-2.0
// Every text, limit and weight of skeleton-of-thought, read from resources/prompts/skeleton.json: what is
// said to the model, what makes a question unsuitable, how an answer looks. Immutable after parse(); any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"
#include "prompt/skeleton/words.h"

namespace tendril::prompt::skeleton {

/// Why a question gets a normal answer, or why an answer was cut. `key` is for translations and tests,
/// `sentence` for a person.
struct Reason {
    std::string key;
    std::string sentence;
};

/// One question of the router to the model: appended to the user's message; the model's first token is read.
struct RouterText {
    std::string text;
    std::vector<std::string> options;  ///< the tokens that count, such as "A", "B"
    std::size_t suits = 0;             ///< index of the option that speaks for a skeleton
};

/// What is said in one language.
struct Language {
    std::string code;  ///< "en", "zh", "de"; "other": English texts that ask for the user's language
    Script script = Script::latin;
    std::vector<std::string> words;  ///< frequent words that tell it from others of its script
    std::vector<RouterText> router;
    double least_mass = 0;  ///< of the options together; a model that says something else did not understand
    double most_bias = 0;   ///< a liking for a letter beyond this drowns what the model thinks
    std::string outline;    ///< H1: appended to the user's message behind a blank line
    std::string point;      ///< H2: the user message that asks for one point; {number}, {title}
    std::string point_needing;  ///< H2 of a point that needs others, whose text stands in front
    std::string heading;        ///< what stands in front of a point's text; {number}, {title}
    std::string needs_open;     ///< in an outline behind a title: " [needs "
    std::string needs_close;
    std::uint32_t title_words = 0;        ///< most words (characters where each is a word) of a title
    std::vector<std::string> loose_ends;  ///< words with which no whole title ends: "and", "of"
    double tokens_per_word = 1.4;         ///< typical, for predictions before anything was drawn
};

/// A family of questions that get a normal answer.
struct Veto {
    Reason reason;
    std::vector<Pattern> patterns;
    bool follow_up = false;        ///< counts only when there is a history
    std::uint32_t most_words = 0;  ///< counts only in questions of at most so many words; 0: in all
};

struct Limits {
    std::uint32_t least_points = 3;  ///< good points in front of a repeat that make an outline worth keeping
    std::uint32_t most_points = 10;  ///< of the grammar
    std::uint32_t outline_tokens = 200;
    std::uint32_t least_question_words = 4;
    std::uint32_t most_question_words = 150;
    double title_likeness = 0.75;    ///< two titles this alike are one
    double sentence_likeness = 0.7;  ///< two sentences of a point this alike are one
    std::uint32_t point_sentences = 5;
    std::uint32_t first_cap_tokens = 140;  ///< of a point, while fewer than two siblings have ended
    std::uint32_t least_cap_tokens = 96;
    double cap_over_median = 1.5;     ///< of the siblings that ended by themselves
    std::uint32_t grace_tokens = 40;  ///< behind the cap, to end the sentence
    double overlap = 0.4;             ///< Jaccard index of 4-grams of two points that say the same
    double least_gain = 1.3;
    double reading_tokens_per_second = 6;
    double lead_seconds = 3;
    std::uint32_t typical_points = 6;
    std::uint32_t typical_title_tokens = 6;
    std::uint32_t typical_point_tokens = 70;
    std::uint32_t typical_instruction_tokens = 60;
    std::uint32_t typical_suffix_tokens = 45;
    std::uint32_t most_lanes = 16;
};

struct Phrases {
    static Result<Phrases> parse(std::string_view json);

    /// By script and frequent words; "other" when none fits.
    const Language& language_of(std::string_view text) const;
    /// By code; null when there is none.
    const Language* language(std::string_view code) const;

    std::vector<Language> languages;
    std::vector<Pattern> openers;  ///< "please", "can you": may stand in front of a `^` pattern
    std::vector<Veto> vetoes;
    std::vector<Pattern> empty_titles;  ///< titles of points that say nothing by themselves: "conclusion"
    std::vector<Reason> reasons;        ///< all others, by key
    double router_threshold = 0;
    Limits limits;

    Reason reason(std::string_view key) const;
};

}  // namespace tendril::prompt::skeleton
