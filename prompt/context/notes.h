// SPDX-License-Identifier: Apache-2.0
// The text that stands for old turns: how a model is asked for a summary, what of its answer can be trusted,
// and what a person said that stands there word for word. Texts and patterns are
// resources/prompts/memory.json. Pure; immutable after parse(); any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"
#include "prompt/context/context_plan.h"
#include "prompt/skeleton/words.h"

namespace tendril::prompt::context {

/// What is said in one language.
struct NoteWords {
    std::string code;       ///< as in skeleton.json
    std::string summarise;  ///< the message that asks for notes; {words}
    std::string open;       ///< in front of a summary
    std::string said;       ///< in front of what a person said word for word
    std::string left_out;   ///< in place of what is left out
    std::string excerpt;    ///< in front of a text of which words are missing
    std::string close;      ///< behind all of these
    std::string user;       ///< in front of a turn in a transcript: "I:"
    std::string assistant;
    std::vector<skeleton::Pattern> rules;     ///< of sentences that tell the model what to do; all languages'
    std::vector<skeleton::Pattern> facts;     ///< in which people tell of themselves; likewise
    std::vector<skeleton::Pattern> refusals;  ///< beginnings of answers that are no notes
};

class NotePhrases {
  public:
    static Result<NotePhrases> parse(std::string_view json);

    /// "other" when there is no such language.
    const NoteWords& of(std::string_view code) const;
    /// A sentence for a person; see CheckedSummary.
    std::string reason(std::string_view key) const;

  private:
    struct Reason {
        std::string key;
        std::string sentence;
    };
    std::vector<NoteWords> languages_;
    std::vector<Reason> reasons_;
};

/// Tokens of a short text's budget that what a person said word for word may have: it goes first. Where the
/// context is small, that is all of it, since so short a summary would say nothing.
std::size_t budget_of_said(std::size_t budget);

/// Sentences of a person's messages that must not be lost: rules for the model first, then what they tell of
/// themselves, then statements with numbers, but no questions; in the order in which they were said, together
/// at most `budget` tokens (newer ones before older ones). Code blocks are left out.
std::vector<std::string> kept_sentences(const std::vector<std::string_view>& messages, const NoteWords& words,
                                        std::size_t budget, const TextCounter& count);

struct CheckedSummary {
    std::string text;  ///< usable; empty: see `why`
    std::string why;   ///< "empty", "refused", "repeats", "longer"
};

/// What of a model's answer can stand for `source`: without sentences that say again what was said, that are
/// about something else, or that hold numbers of which the source knows nothing. At most `budget` tokens, cut
/// behind a sentence. `whole`: the model ended it by itself.
CheckedSummary check_summary(std::string_view answer, bool whole, std::string_view source,
                             const NoteWords& words, std::size_t budget, const TextCounter& count);

/// The text that the model reads: `summary` and `kept` may be empty.
std::string notes_of(const NoteWords& words, std::string_view summary, const std::vector<std::string>& kept);
/// The same around a text of which words are missing.
std::string excerpt_of(const NoteWords& words, std::string_view text,
                       const std::vector<std::string>& kept = {});

/// Turns as one text, for a method that shortens texts.
std::string transcript_of(const NoteWords& words, const std::vector<Segment>& segments, std::size_t first,
                          std::size_t last);

/// `text` with each "{words}" replaced.
std::string with_number(std::string text, std::size_t words);

}  // namespace tendril::prompt::context
