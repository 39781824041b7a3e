// SPDX-License-Identifier: Apache-2.0
// What a model reads of a conversation that may have outgrown its context: which segments stand whole, which
// ones a shorter text stands for, which ones are left out, and what is to be shortened next. Never silent:
// the plan names the fate of each segment. Pure functions over a token counter; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"
#include "prompt/conversation.h"

namespace tendril::prompt::context {

/// Tokens of the prompt that these messages render to; an error when the template refuses them.
using PromptCounter = std::function<Result<std::size_t>(const ChatMessages&)>;
/// Tokens of a text by itself.
using TextCounter = std::function<std::size_t(std::string_view)>;

enum class Keep : std::uint8_t { normal, pinned, excluded };

struct DocumentSegment {
    std::int64_t id = 0;
    std::string text;       ///< as it is rendered, frame included
    bool left_out = false;  ///< not read where a short text stands for its message
    bool wanted = false;    ///< a person brought it back: it goes only where it does not fit
    bool operator==(const DocumentSegment&) const = default;
};

/// One message with what it attaches. Its text never changes.
struct Segment {
    std::int64_t id = 0;
    std::string role;
    std::string text;
    std::vector<DocumentSegment> documents;  ///< rendered in front of the text
    Keep keep = Keep::normal;
    bool operator==(const Segment&) const = default;
};

/// A text that stands for the first segments of a branch, its frame included.
struct ShortText {
    std::int64_t id = 0;
    std::size_t covers = 0;  ///< segments
    std::string text;
    bool undone = false;  ///< read only where the full text does not fit
    bool operator==(const ShortText&) const = default;
};

struct PlanRequest {
    std::string system;
    std::vector<Segment> segments;  ///< a branch; the last one of a user's is the one to be answered
    std::vector<ShortText> shorts;
    std::size_t context = 0;  ///< tokens of the model as loaded
    std::size_t reserve = 0;  ///< tokens kept free for the answer; of a small context less: at most a quarter
    std::size_t fixed = 0;    ///< tokens behind the prompt: of an answer that is continued
    bool operator==(const PlanRequest&) const = default;
};

enum class Fate : std::uint8_t { whole, shortened, left_out, excluded };

struct ContextShares {
    std::size_t system = 0;
    std::size_t documents = 0;
    std::size_t turns = 0;  ///< the rest, what the template adds included
    std::size_t reserve = 0;
    std::size_t limit = 0;  ///< all that the context holds
    bool operator==(const ContextShares&) const = default;
};

struct ContextPlan {
    ChatMessages messages;                  ///< to be rendered
    std::vector<Fate> fates;                ///< of each segment
    std::optional<std::size_t> short_text;  ///< index of the one that is read
    std::vector<std::int64_t>
        documents_gone;  ///< of segments that are read, or that the short text stands for
    std::size_t tokens = 0;
    ContextShares shares;
};

/// System, pinned segments and the last exchange always stand. What does not fit goes in this order, in
/// blocks that leave room for the next turns as well (down to half of the limit), so that the beginning of
/// the prompt is not another one at each turn: exchanges from the oldest on, but for the last two in front of
/// the question; documents of what was shortened; the short text; those two. Error too_large, with both
/// numbers, when what always stands does not fit.
Result<ContextPlan> plan(const PlanRequest& request, const PromptCounter& prompt, const TextCounter& text);

/// When a conversation is shortened and how far; shares of the context.
struct Thresholds {
    double at = 0.85;
    double to = 0.5;
    bool operator==(const Thresholds&) const = default;
};

/// What is to be shortened at a turn boundary: the segments from the first on.
struct Compaction {
    std::size_t covers = 0;
    std::size_t tokens_before = 0;        ///< of what of them is in the prompt now, or was to be
    std::size_t budget = 0;               ///< tokens that the new text may have
    std::vector<std::int64_t> documents;  ///< of these segments, that have to go as well
};

/// Tokens of a prompt from which on it is to be shortened.
std::size_t trigger(const PlanRequest& request, const Thresholds& thresholds);

/// Nothing: it is not time, or too little would be gained. Takes the oldest run that reaches the goal, up to
/// an exchange's beginning, never of the last two exchanges; their documents go only where it is not reached
/// without, oldest first. `now`: also below the trigger, as a person asks
/// for it.
std::optional<Compaction> next_compaction(const PlanRequest& request, const ContextPlan& plan,
                                          const Thresholds& thresholds, bool now,
                                          const PromptCounter& prompt);

}  // namespace tendril::prompt::context
