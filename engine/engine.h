// SPDX-License-Identifier: Apache-2.0
// The façade of the engine: one thread that owns one model and turns requests into events. All methods may be called from any
// thread and return at once; events arrive on the engine thread and must be passed on without waiting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/result.h"
#include "engine/sample/sampler_settings.h"
#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace spdlog {
class logger;
}

namespace tendril::engine {

enum class Device : std::uint8_t { automatic, cpu, cuda };
enum class KvType : std::uint8_t { f16, q8_0, q4_0 };

/// What a GGUF says about itself, from its header alone.
struct ModelDescription {
    std::filesystem::path path;
    std::string architecture;
    std::string name;
    std::string quantisation;          ///< the type that holds most bytes: "Q4_K"; mixtures: "Q4_K (mixed)"
    std::uint64_t parameters = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t weight_bytes = 0;    ///< memory for weights as prepared on the CPU
    std::uint64_t kv_bytes_per_token = 0;
    std::uint64_t memory_bytes = 0;    ///< weights + scratch + KV at min(context_length, 4096)
    std::uint32_t context_length = 0;  ///< that the model was trained for
    std::uint32_t layers = 0;
    std::uint32_t vocabulary = 0;
    std::optional<std::string> chat_template;
    std::vector<std::string> warnings;
};

struct LoadOptions {
    std::filesystem::path path;
    Device device = Device::automatic;
    KvType kv = KvType::f16;
    unsigned threads = 0;        ///< 0 = as many as the machine has to give
    std::uint32_t context = 0;   ///< tokens; 0 = min(trained, 4096), less if memory is short
};

struct LoadedModel {
    ModelDescription description;
    std::string device;         ///< for the status line, with the reason: "CPU, AVX-512 VNNI, 4 threads (no CUDA plugin)"
    std::uint32_t context = 0;  ///< tokens that fit
    double load_ms = 0;
    std::shared_ptr<const Tokenizer> tokenizer;  ///< shared so that counting tokens is safe while the model is being changed
};

struct LoadProgress {
    double share = 0;  ///< 0 to 1
};

using RequestId = std::uint64_t;

enum class Priority : std::uint8_t { interactive, background };

struct GenerateRequest {
    std::vector<TokenId> prompt;  ///< never cut; longer than the context is an error
    std::uint32_t max_tokens = 0;  ///< 0 = as many as the context holds
    SamplerSettings sampler;
    std::vector<std::string> stop;  ///< texts that end the answer and are not part of it
    Priority priority = Priority::interactive;
    /// Guess tokens from earlier places of the text and check several in one step. Changes no token, only the time.
    bool speculate = false;
};

/// Log-probabilities of a given text under the model, teacher-forced.
struct ScoreRequest {
    std::vector<TokenId> tokens;
    std::uint32_t top = 0;  ///< how many best alternatives to report per position
};

/// Speed: `prefill_tokens` and `decode_tokens` for each batch size, at a given depth; `repetitions` samples each.
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
    std::uint32_t done = 0;    ///< prompt tokens in the cache by now, reused ones included
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
    std::uint32_t cached_tokens = 0;    ///< of the prompt, not read again
    std::uint32_t drafted_tokens = 0;
    std::uint32_t accepted_tokens = 0;
    double prefill_ms = 0;
    double first_token_ms = 0;  ///< from submit
    double decode_ms = 0;       ///< from the first token to the last
};
struct ScoredToken {
    TokenId token = 0;
    float logprob = 0;  ///< natural logarithm; the first token has none and is left out
    std::vector<std::pair<TokenId, float>> top;
};
struct ScoredEvent {
    std::vector<ScoredToken> tokens;
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

/// A request ends with exactly one FinishedEvent, ScoredEvent, BenchEvent or Error.
using Event = std::variant<PrefillEvent, TextEvent, FinishedEvent, ScoredEvent, BenchEvent, Error>;
using EventSink = std::function<void(RequestId, Event)>;

class Engine {
  public:
    /// `log` may be null. No chat text is ever written to it.
    explicit Engine(std::shared_ptr<spdlog::logger> log);
    ~Engine();  ///< cancels everything, joins the thread
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Reads the header only; runs on the caller's thread.
    static Result<ModelDescription> inspect(const std::filesystem::path& path);

    /// Replaces the model. Running requests are cancelled first. A failed load leaves no model.
    void load(LoadOptions options, std::function<void(LoadProgress)> progress,
              std::function<void(Result<LoadedModel>)> done);
    void cancel_load();
    void unload();

    RequestId submit(GenerateRequest request, EventSink sink);
    RequestId submit(ScoreRequest request, EventSink sink);
    RequestId submit(BenchRequest request, EventSink sink);
    /// Takes effect within 100 ms, in prefill too. The request still ends with its last event (StopReason::cancelled or an Error).
    void cancel(RequestId request);

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace tendril::engine
