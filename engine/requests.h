// SPDX-License-Identifier: Apache-2.0
// What can be asked of a loaded model, and the events that answer. Values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "engine/result.h"
#include "engine/sample/grammar/grammar.h"
#include "engine/sample/sampler_settings.h"
#include "engine/types.h"

namespace tendril::engine {

using RequestId = std::uint64_t;

enum class Priority : std::uint8_t { interactive, background };

/// A stretch of a prompt that was read or written elsewhere before: its keys and values are taken from there,
/// turned to their new place, and not read again. Approximate: what stood in front of it there is not what
/// stands here. Ignored as far as the exact text is known here; read anew when its pages are gone.
struct MovedText {
    std::uint32_t at = 0;          ///< position in the prompt of its first token
    std::vector<TokenId> context;  ///< the other text from its beginning, through the end of the stretch
    std::uint32_t length = 0;      ///< last tokens of `context`, equal to the prompt's [at, at + length)
};

struct GenerateRequest {
    std::vector<TokenId> prompt;   ///< never cut; longer than the context is an error
    std::uint32_t max_tokens = 0;  ///< 0 = as many as the context holds
    SamplerSettings sampler;
    std::vector<std::string> stop;  ///< texts that end the answer and are not part of it
    Priority priority = Priority::interactive;
    /// Guess tokens from earlier places of the text and check several in one step. Changes no token, only the
    /// time.
    bool speculate = false;
    CacheScope cache;  ///< whose text this is
    /// The answer is a text of this grammar, or the beginning of one when a limit ends it; null: any text.
    std::shared_ptr<const Grammar> grammar;
    std::vector<MovedText> moved;  ///< ascending, not overlapping
};

/// Reads tokens into the cache and draws nothing. Always in the background. A cancelled one keeps what it has
/// read.
struct PrefillRequest {
    std::vector<TokenId> tokens;  ///< not more than the context
    CacheScope cache;
};

/// Log-probabilities of a given text under the model, teacher-forced.
struct ScoreRequest {
    std::vector<TokenId> tokens;
    std::uint32_t top = 0;   ///< how many best alternatives to report per position
    std::uint32_t from = 0;  ///< the first token that is scored; what stands in front of it may be cached
    std::vector<MovedText> moved = {};  ///< as in GenerateRequest; in front of the tokens that are scored
    CacheScope cache = {};
};

/// Which of a few tokens the model would say next. Reads the prompt and draws nothing. Of the prompt is kept
/// what others have read or read at the same time as well, at least `keep`; the rest is nobody's text.
struct ChooseRequest {
    std::vector<TokenId> prompt;
    std::vector<TokenId> options;
    Priority priority = Priority::interactive;
    CacheScope cache = {};
    std::uint32_t keep = 0;             ///< first tokens of the prompt that will be asked for again
    std::vector<MovedText> moved = {};  ///< as in GenerateRequest
};

/// Speed: `prefill_tokens` and `decode_tokens` for each batch size, at a given depth; `repetitions` samples
/// each.
struct BenchRequest {
    std::uint32_t prefill_tokens = 512;
    std::uint32_t decode_tokens = 128;
    std::uint32_t depth = 0;
    std::vector<std::uint32_t> batches = {1};
    std::uint32_t repetitions = 5;
    bool curve = false;  ///< also t(M) for M in {1,2,3,4,6,8,12,16,24,32}
};

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
};
struct ScoredToken {
    TokenId token = 0;
    float logprob = 0;  ///< natural logarithm; the first token has none and is left out
    std::vector<std::pair<TokenId, float>> top;
};
struct ScoredEvent {
    std::vector<ScoredToken> tokens;  ///< from ScoreRequest::from on
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

/// A request ends with exactly one FinishedEvent, PrefilledEvent, ScoredEvent, ChosenEvent, BenchEvent or
/// Error.
using Event = std::variant<PrefillEvent, TextEvent, FinishedEvent, PrefilledEvent, ScoredEvent, ChosenEvent,
                           BenchEvent, Error>;
using EventSink = std::function<void(RequestId, Event)>;

}  // namespace tendril::engine
