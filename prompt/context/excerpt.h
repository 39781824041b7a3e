// SPDX-License-Identifier: Apache-2.0
// What a method that shortens texts leaves of old turns, as a text that the model reads: who spoke stays to
// be seen, and what an earlier shortening has left is taken up again. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/compress/compress.h"
#include "prompt/context/notes.h"

namespace tendril::prompt::context {

/// The text inside excerpt_of(), without what was said word for word; empty when it is another text.
std::string text_of_excerpt(const NoteWords& words, std::string_view excerpt);

/// What each turn of a transcript says, without its speaker's mark.
std::vector<KeptRange> said_in(const NoteWords& words, std::string_view transcript);

/// The kept ranges of a transcript, each turn of which something is left behind its speaker's mark.
std::string kept_transcript(const NoteWords& words, std::string_view transcript,
                            const std::vector<KeptRange>& kept);

/// A transcript without sentences that stand word for word elsewhere; turns of which nothing is left go.
std::string transcript_without(const NoteWords& words, std::string_view transcript,
                               const std::vector<std::string>& sentences);

/// Its newest turns that together have at most `budget` tokens; may be empty.
std::string newest_turns(const NoteWords& words, std::string_view transcript, std::size_t budget,
                         const TextCounter& count);

}  // namespace tendril::prompt::context
