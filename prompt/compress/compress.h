// SPDX-License-Identifier: Apache-2.0
// Makes a text shorter for a model: whole words, phrases or sentences are left out, what stays is the
// original byte for byte. Pure functions over a scorer and a token counter; any thread, no state.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"

namespace tendril::prompt {

/// How units are weighed; name_of() gives the words of the command line.
enum class Method : std::uint8_t {
    frequency,  ///< words by how rare they are: no model is run
    question,   ///< the same, and sentences that share words with the question go first: no model is run
    selective,  ///< Selective Context (arXiv 2310.06201): self-information, scored in passages
    llmlingua,  ///< LLMLingua (arXiv 2310.05736): scored segment by segment on the compressed past
};
inline constexpr Method kMethods[] = {Method::frequency, Method::question, Method::selective,
                                      Method::llmlingua};

/// What the planted-facts test chose (tests/bench/compress/README.md).
inline constexpr Method kDefaultMethod = Method::frequency;
inline constexpr Method kDefaultWithQuestion = Method::question;

const char* name_of(Method method);
std::optional<Method> method_named(std::string_view name);
bool needs_model(Method method);     ///< its scorer is a language model; else a FrequencyScorer
bool needs_question(Method method);  ///< and its result serves that question only

/// Bytes of the text; -ln p(piece | what stands before). A piece may cut a character.
struct ScoredPiece {
    std::size_t begin = 0;
    std::size_t end = 0;
    float nats = 0;
};
struct ScoreJob {
    std::string context;  ///< read first, not scored; may be empty
    std::string text;
};

class Scorer {
  public:
    virtual ~Scorer() = default;
    /// One list for each job, pieces ascending. Jobs are independent. May wait.
    virtual Result<std::vector<std::vector<ScoredPiece>>> score(std::span<const ScoreJob> jobs) = 0;
};

using TokenCounter = std::function<std::size_t(std::string_view)>;  ///< of the model that will read the text
using CancelFlag = std::atomic<bool>;
using CompressProgress = std::function<void(double)>;  ///< share done, 0 to 1; may be empty

inline constexpr double kLeastRate = 0.05;

/// Bytes of the original; of a result: that stand in it.
struct KeptRange {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool operator==(const KeptRange&) const = default;
};
struct CompressSettings {
    Method method = Method::frequency;
    double rate = 0.5;          ///< share of the target's tokens to keep, kLeastRate..1
    std::string question = {};  ///< for the methods that need one
    /// Texts that this one is made of (the messages of a transcript), ascending; no passage goes over their
    /// borders, and what stands between them is no text that is scored. Empty: it is one text.
    std::vector<KeptRange> parts = {};
};
struct Compressed {
    std::string text;             ///< the kept ranges, one after the other
    std::vector<KeptRange> kept;  ///< ascending, not empty, not touching each other
    std::size_t tokens_before = 0;
    std::size_t tokens_after = 0;  ///< more than asked for where protected spans (protection.h) need it
};

/// Where a model scores a text on what stands in front of it, not on what was kept of that: in passages of
/// whole sentences, about 200 tokens each. So what is known of a passage serves every rate and every method
/// that asks for it.
std::vector<KeptRange> scored_passages(std::string_view text);
/// Whether a method asks for that: llmlingua does where it has to leave out whole passages.
bool scores_passages(Method method, double rate);

/// Errors: rate out of range, a question missing, text that is not UTF-8, the scorer's, cancelled.
Result<Compressed> compress(std::string_view text, const CompressSettings& settings, Scorer& scorer,
                            const TokenCounter& count, const CancelFlag& cancel,
                            const CompressProgress& progress = {});

}  // namespace tendril::prompt
