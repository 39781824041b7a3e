// SPDX-License-Identifier: Apache-2.0
// What can be asked of a loaded model; the events that answer are in events.h. Values; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/events.h"
#include "engine/sample/grammar/grammar.h"
#include "engine/sample/sampler_settings.h"
#include "engine/types.h"

namespace tendril::engine {

enum class Priority : std::uint8_t { interactive, background };

/// A stretch of a prompt that was read or written elsewhere before: its keys and values are taken from there,
/// turned to their new place, and not read again. Approximate: what stood in front of it there is not what
/// stands here. Ignored as far as the exact text is known here; read anew when its pages are gone.
struct MovedText {
    std::uint32_t at = 0;          ///< position in the prompt of its first token
    std::vector<TokenId> context;  ///< the other text from its beginning, through the end of the stretch
    std::uint32_t length = 0;      ///< last tokens of `context`, equal to the prompt's [at, at + length)
};

/// The first tokens of a prompt whose keys and values were pruned (PruneRequest): they come from there and
/// are never read. ErrorCode::not_found when what was pruned was let go: the caller has the whole text.
struct PrunedPrefix {
    std::uint64_t key = 0;     ///< PrunedEvent::key
    std::uint32_t length = 0;  ///< tokens, as many as PruneRequest::tokens had
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
    std::vector<MovedText> moved;  ///< ascending, not overlapping; behind what is pruned
    std::optional<PrunedPrefix> pruned = {};
};

/// Reads tokens into the cache and draws nothing. Always in the background. A cancelled one keeps what it has
/// read.
struct PrefillRequest {
    std::vector<TokenId> tokens;  ///< not more than the context
    CacheScope cache;
    /// Also the log-probability of each token that is really read: costs the model's head for each row.
    bool losses = false;
    std::optional<PrunedPrefix> pruned = {};
};

/// Log-probabilities of a given text under the model, teacher-forced. Many at once run in one step, as far as
/// they fit: hundreds of sentences cost what one text of their length does.
struct ScoreRequest {
    std::vector<TokenId> tokens;
    std::uint32_t top = 0;   ///< how many best alternatives to report per position
    std::uint32_t from = 0;  ///< the first token that is scored; what stands in front of it may be cached
    std::vector<MovedText> moved = {};  ///< as in GenerateRequest; in front of the tokens that are scored
    CacheScope cache = {};
    /// What was read stays in the cache, as a prefill's does; else only what others had read or read as well.
    bool keep = false;
    Priority priority = Priority::background;
    std::optional<PrunedPrefix> pruned = {};
};

/// A vector for a text: the state behind the last norm, of one token or the mean over all; of whatever length
/// it comes out. In the background; many at once run in one step; nothing is kept of what it reads.
struct EmbedRequest {
    std::vector<TokenId> tokens;          ///< at least one
    std::optional<Pooling> pooling = {};  ///< none: as the model's file says, else the mean
    CacheScope cache = {};
};

enum class PruneMethod : std::uint8_t { kvzip, snapkv /* for comparison */, random /* for tests */ };

/// Keeps of the keys and values of a stretch at the end of a text only those that the model looks at when it
/// repeats the stretch: questions that come later find what they need (KVzip, arXiv 2505.23416). Reads the
/// text if it is not known. In the background, and given up at any time without a trace. The result is kept
/// beside the text itself until memory is short or the owner is forgotten; never on disk.
struct PruneRequest {
    std::vector<TokenId> tokens;  ///< the text from its beginning
    std::uint32_t from = 0;       ///< of the stretch, which ends with the text
    std::uint32_t length = 0;     ///< of the stretch: from + length == tokens.size()
    double keep = 0.5;            ///< share of the keys of each layer and head, above 0 to 1
    PruneMethod method = PruneMethod::kvzip;
    CacheScope cache = {};
    /// What asks for the text again, tokens of the template's (kvzip); empty: plain English words.
    std::vector<TokenId> ask = {};
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
    std::optional<PrunedPrefix> pruned = {};
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

}  // namespace tendril::engine
