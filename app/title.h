// SPDX-License-Identifier: Apache-2.0
// A conversation's titles: the first words of the first question, then what the model makes of it. Pure, no
// state.
#pragma once

#include <string>
#include <string_view>

namespace tendril::app {

/// One line, at most 48 characters, cut between words where possible, with "…" when cut. Empty when the
/// question has no word.
std::string title_from(std::string_view question);

/// What a model is asked that is to name a conversation.
inline constexpr std::string_view kTitleQuestion =
    "Name this conversation in two to five words, in its language. Reply with the name only.";

/// What is fit for a title in a model's answer to kTitleQuestion: one line without quotes, Markdown, "Title:"
/// or a full stop, at most 48 characters. Empty when nothing is: a sentence, a refusal, a repetition, markup,
/// the question's own words (also in German), an answer that was cut (`whole` false) before its first line
/// ended.
std::string title_from_answer(std::string_view answer, bool whole);

}  // namespace tendril::app
