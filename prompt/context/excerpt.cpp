// SPDX-License-Identifier: Apache-2.0
// Excerpts of transcripts.
#include "prompt/context/excerpt.h"

#include <algorithm>

#include "prompt/skeleton/words.h"

namespace tendril::prompt::context {
namespace {

struct SpokenTurn {
    std::size_t begin = 0;
    std::size_t said = 0;  // behind the mark
    std::size_t end = 0;   // the line's end included
};

/// Length of the mark with which this place begins; 0: none.
std::size_t mark_at(const NoteWords& words, std::string_view text) {
    for (const std::string& mark : {words.user, words.assistant}) {
        if (text.starts_with(mark) && text.substr(mark.size()).starts_with(' ')) {
            return mark.size() + 1;
        }
    }
    return 0;
}

/// Lines that begin with a speaker's mark begin a turn; those in front of the first are one too.
std::vector<SpokenTurn> turns_of(const NoteWords& words, std::string_view text) {
    std::vector<SpokenTurn> turns;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t mark = mark_at(words, text.substr(at));
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        if (mark != 0 || turns.empty()) {
            turns.push_back({at, at + mark, end});
        }
        turns.back().end = end;
        at = end;
    }
    return turns;
}

}  // namespace

std::string text_of_excerpt(const NoteWords& words, std::string_view excerpt) {
    const std::string open = words.excerpt + "\n";
    const std::string close = "\n" + words.close;
    if (!excerpt.starts_with(open) || !excerpt.ends_with(close) ||
        excerpt.size() < open.size() + close.size()) {
        return {};
    }
    const std::string_view inside = excerpt.substr(open.size(), excerpt.size() - open.size() - close.size());
    return std::string(inside.substr(0, inside.rfind("\n" + words.said + "\n- ")));
}

std::vector<KeptRange> said_in(const NoteWords& words, std::string_view transcript) {
    std::vector<KeptRange> said;
    for (const SpokenTurn& turn : turns_of(words, transcript)) {
        said.push_back({turn.said, turn.end});
    }
    return said;
}

std::string kept_transcript(const NoteWords& words, std::string_view transcript,
                            const std::vector<KeptRange>& kept) {
    std::string text;
    for (const SpokenTurn& turn : turns_of(words, transcript)) {
        std::string left;
        for (const KeptRange& range : kept) {
            const std::size_t begin = std::max(range.begin, turn.said);
            const std::size_t end = std::min(range.end, turn.end);
            if (begin < end) {
                left += transcript.substr(begin, end - begin);
            }
        }
        const std::string_view said = skeleton::trimmed(left);
        if (!said.empty()) {
            text += text.empty() ? "" : "\n";
            text += transcript.substr(turn.begin, turn.said - turn.begin);
            text += said;
        }
    }
    return text;
}

std::string transcript_without(const NoteWords& words, std::string_view transcript,
                               const std::vector<std::string>& sentences) {
    std::vector<KeptRange> gone;
    for (const std::string& sentence : sentences) {
        for (std::size_t at = transcript.find(sentence); at != std::string_view::npos && !sentence.empty();
             at = transcript.find(sentence, at + sentence.size())) {
            gone.push_back({at, at + sentence.size()});
        }
    }
    std::sort(gone.begin(), gone.end(),
              [](const KeptRange& a, const KeptRange& b) { return a.begin < b.begin; });
    std::vector<KeptRange> left;
    std::size_t from = 0;
    for (const KeptRange& range : gone) {
        if (range.begin > from) {
            left.push_back({from, range.begin});
        }
        from = std::max(from, range.end);
    }
    left.push_back({from, transcript.size()});
    return kept_transcript(words, transcript, left);
}

std::string newest_turns(const NoteWords& words, std::string_view transcript, std::size_t budget,
                         const TextCounter& count) {
    const std::vector<SpokenTurn> turns = turns_of(words, transcript);
    std::size_t from = transcript.size();
    std::size_t tokens = 0;
    for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
        tokens += count(transcript.substr(turn->begin, turn->end - turn->begin));
        if (tokens > budget) {
            break;
        }
        from = turn->begin;
    }
    return std::string(transcript.substr(from));
}

}  // namespace tendril::prompt::context
