// SPDX-License-Identifier: Apache-2.0
// Whether a question is answered by a skeleton: vetoes that cost nothing, then the model's own choice between
// lettered options, asked once for each order of them so that a liking for a letter cancels. Pure; any
// thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "prompt/skeleton/phrases.h"

namespace tendril::prompt::skeleton {

/// What is known of a turn besides its text.
struct RouteFacts {
    bool attachments = false;
    bool history = false;   ///< there are earlier turns
    bool thinking = false;  ///< the model reasons before it answers
    bool tools = false;
};

/// Why this question gets a normal answer without asking the model; nothing: the model is asked.
std::optional<Reason> veto(const Phrases& phrases, std::string_view question, const RouteFacts& facts);

/// What to append to the user's message (the text begins with the blank line), one for each order of the
/// options. For each: render with the generation prompt, read the log-probabilities of `options` as first
/// token.
const std::vector<RouterText>& router_questions(const Language& language);

/// What route_score gives when the model cannot be asked: it says none of the options, or takes the same
/// letter whatever stands behind it.
constexpr double kCannotTell = -100;

/// The mean over the questions of log p(suits) - log of the others' sum. `logprobs[q][o]`: natural, in the
/// order of router_questions. Higher: a skeleton suits.
double route_score(const Language& language, std::span<const std::vector<float>> logprobs);

/// The reason for a normal answer when the score is below the threshold.
std::optional<Reason> unsuited(const Phrases& phrases, double score);

}  // namespace tendril::prompt::skeleton
