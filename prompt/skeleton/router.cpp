// SPDX-License-Identifier: Apache-2.0
// The router's vetoes and its score. Pure; any thread.
#include "prompt/skeleton/router.h"

#include <algorithm>
#include <cmath>

namespace tendril::prompt::skeleton {
namespace {

/// Three of "=+*/^" beside digits or single letters: an equation or a calculation.
bool looks_like_formula(std::string_view text) {
    std::size_t signs = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        signs += std::string_view("=+*/^<>").find(c) != std::string_view::npos ? 1 : 0;
        digits += c >= '0' && c <= '9' ? 1 : 0;
    }
    return text.find('=') != std::string_view::npos ? signs >= 1 && digits >= 1 : signs >= 2 && digits >= 3;
}

bool applies(const Veto& veto, std::span<const Word> words, const Phrases& phrases, const RouteFacts& facts) {
    if ((veto.follow_up && !facts.history) || (veto.most_words > 0 && words.size() > veto.most_words)) {
        return false;
    }
    return std::any_of(veto.patterns.begin(), veto.patterns.end(),
                       [&](const Pattern& pattern) { return pattern.found_in(words, phrases.openers); });
}

}  // namespace

std::optional<Reason> veto(const Phrases& phrases, std::string_view question, const RouteFacts& facts) {
    if (facts.attachments) {
        return phrases.reason("attachments");
    }
    if (facts.thinking) {
        return phrases.reason("thinking");
    }
    if (facts.tools) {
        return phrases.reason("tools");
    }
    if (question.find("```") != std::string_view::npos) {
        return phrases.reason("code");
    }
    if (looks_like_formula(question)) {
        return phrases.reason("formula");
    }
    const std::vector<Word> words = words_of(question);
    for (const Veto& family : phrases.vetoes) {
        if (applies(family, words, phrases, facts)) {
            return family.reason;
        }
    }
    if (words.size() < phrases.limits.least_question_words) {
        return phrases.reason("short-question");
    }
    // A character of a script without spaces says less than a word.
    const bool wide = script_of(question) == Script::han;
    if (words.size() > phrases.limits.most_question_words * (wide ? 2U : 1U)) {
        return phrases.reason("long-question");
    }
    return std::nullopt;
}

const std::vector<RouterText>& router_questions(const Language& language) {
    return language.router;
}

double route_score(const Language& language, std::span<const std::vector<float>> logprobs) {
    double sum = 0;
    double mass = 0;
    double lowest = 0;
    double highest = 0;
    std::size_t counted = 0;
    for (std::size_t q = 0; q < std::min(language.router.size(), logprobs.size()); ++q) {
        const RouterText& question = language.router[q];
        if (logprobs[q].size() != question.options.size()) {
            continue;
        }
        double others = 0;
        for (std::size_t o = 0; o < logprobs[q].size(); ++o) {
            others += o == question.suits ? 0 : std::exp(static_cast<double>(logprobs[q][o]));
        }
        const auto suits = static_cast<double>(logprobs[q][question.suits]);
        const double score = suits - std::log(std::max(others, 1e-30));
        lowest = counted == 0 ? score : std::min(lowest, score);
        highest = counted == 0 ? score : std::max(highest, score);
        mass += std::exp(suits) + others;
        sum += score;
        ++counted;
    }
    if (counted == 0 || mass / static_cast<double>(counted) < language.least_mass ||
        (highest - lowest) / 2 > language.most_bias) {
        return kCannotTell;
    }
    return sum / static_cast<double>(counted);
}

std::optional<Reason> unsuited(const Phrases& phrases, double score) {
    if (score <= kCannotTell) {
        return phrases.reason("model-cannot-tell");
    }
    return score >= phrases.router_threshold ? std::nullopt
                                             : std::optional<Reason>(phrases.reason("model-says-no"));
}

}  // namespace tendril::prompt::skeleton
