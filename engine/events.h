// SPDX-License-Identifier: Apache-2.0
// What answers a request: progress, and exactly one last event. Values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

using RequestId = std::uint64_t;

enum class StopReason : std::uint8_t { end_of_text, stop_text, max_tokens, context_full, cancelled };

struct PrefillEvent {
    std::uint32_t done = 0;  ///< prompt tokens in the cache by now, reused ones included
    std::uint32_t total = 0;
    std::uint32_t reused = 0;
};
struct TextEvent {
    std::string text;          ///< whole characters of valid UTF-8
    std::uint32_t tokens = 0;  ///< drawn since the last event
};
struct FinishedEvent {
    StopReason reason = StopReason::end_of_text;
    std::vector<TokenId> tokens;  ///< the answer, without the token that ended it
    std::uint32_t prompt_tokens = 0;
    std::uint32_t cached_tokens = 0;  ///< of the prompt, not read again
    std::uint32_t disk_tokens = 0;    ///< of the cached ones, brought back from the disk
    std::uint32_t moved_tokens = 0;   ///< of the prompt, taken from elsewhere; the rest of it was read
    std::uint32_t drafted_tokens = 0;
    std::uint32_t accepted_tokens = 0;
    std::uint32_t forced_tokens = 0;  ///< of the answer, not drawn: the grammar left no choice
    double prefill_ms = 0;
    double first_token_ms = 0;  ///< from submit
    double decode_ms = 0;       ///< from the first token to the last
};
struct PrefilledEvent {
    std::uint32_t tokens = 0;  ///< in the cache by now, from the first on; reused ones included
    std::uint32_t reused = 0;
    bool complete = false;  ///< false: cancelled
    double ms = 0;          ///< from submit to here
    /// PrefillRequest::losses: natural, of tokens [logprobs_from, logprobs_from + size), the last that were
    /// read without a gap. The first token of a text has none, nor the one behind what the cache had.
    std::vector<float> logprobs = {};
    std::uint32_t logprobs_from = 0;
};
struct ScoredToken {
    TokenId token = 0;
    float logprob = 0;  ///< natural logarithm; the first token has none and is left out
    std::vector<std::pair<TokenId, float>> top;
};
struct ScoredEvent {
    std::vector<ScoredToken> tokens;  ///< from ScoreRequest::from on
};
struct EmbeddedEvent {
    std::vector<float> vector;  ///< as wide as the model
};
struct PrunedEvent {
    std::uint64_t key = 0;           ///< for PrunedPrefix
    std::uint32_t kept = 0;          ///< keys of the stretch, of each layer and head
    std::uint64_t bytes_before = 0;  ///< of the whole text's keys and values
    std::uint64_t bytes_after = 0;
    double ms = 0;  ///< from submit
};
struct ChosenEvent {
    std::vector<float> logprobs;  ///< of each option, natural; over the whole vocabulary
    std::uint32_t prompt_tokens = 0;
    std::uint32_t cached_tokens = 0;  ///< of the prompt, not read again
    std::uint32_t moved_tokens = 0;   ///< of the prompt, taken from elsewhere
    double ms = 0;                    ///< from submit
};
struct BenchRow {
    std::string test;  ///< "prefill" or "decode"
    std::uint32_t tokens = 0;
    std::uint32_t batch = 1;
    std::uint32_t depth = 0;
    std::vector<double> tokens_per_second;  ///< one per repetition, of all rows together
};
struct CurvePoint {
    std::uint32_t rows = 0;
    double step_ms = 0;  ///< median
};
struct BenchEvent {
    std::vector<BenchRow> rows;
    std::vector<CurvePoint> curve;
};

/// A request ends with exactly one event, which is neither a PrefillEvent nor a TextEvent.
using Event = std::variant<PrefillEvent, TextEvent, FinishedEvent, PrefilledEvent, ScoredEvent, EmbeddedEvent,
                           PrunedEvent, ChosenEvent, BenchEvent, Error>;
using EventSink = std::function<void(RequestId, Event)>;

}  // namespace tendril::engine
