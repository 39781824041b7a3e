// SPDX-License-Identifier: Apache-2.0
// The façade of the engine: one thread that owns one model and turns requests into events. All methods may be
// called from any thread and return at once; events arrive on the engine thread and must be passed on without
// waiting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/requests.h"
#include "engine/result.h"
#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace spdlog {
class logger;
}

namespace tendril::engine {

enum class Device : std::uint8_t { automatic, cpu, cuda };

/// What a GGUF says about itself, from its header alone.
struct ModelDescription {
    std::filesystem::path path;
    std::string architecture;
    std::string name;
    std::string quantisation;  ///< the type that holds most bytes: "Q4_K"; mixtures: "Q4_K (mixed)"
    std::uint64_t parameters = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t weight_bytes = 0;  ///< memory for weights as prepared on the CPU
    std::uint64_t kv_bytes_per_token = 0;
    std::uint64_t memory_bytes = 0;    ///< weights + scratch + KV at min(context_length, 4096)
    std::uint32_t context_length = 0;  ///< that the model was trained for
    std::uint32_t layers = 0;
    std::uint32_t vocabulary = 0;
    std::optional<std::string> chat_template;
    std::vector<std::string> warnings;
};

struct LoadedModel;
struct LoadOptions {
    std::filesystem::path path;
    Device device = Device::automatic;
    KvType kv = KvType::f16;
    unsigned threads = 0;                   ///< 0 = as many as the machine has to give
    std::uint32_t context = 0;              ///< tokens; 0 = min(trained, 4096), less if memory is short
    std::filesystem::path cache_directory;  ///< pages that outlive the program; empty: none
    std::uint64_t cache_quota = 0;          ///< bytes; 0: the smaller of 16 GiB and 10 % of the free disk
    /// Host memory for pages that a graphics card puts off; none: an eighth of what is free, at most 4 GiB.
    std::optional<std::uint64_t> host_pages;
    std::filesystem::path measurements;  ///< folder that remembers t(M); empty: nothing is remembered
    std::vector<int> without_cards;      ///< numbers of graphics cards that are left to others
    /// Told on the engine thread when the device was lost and the model has been opened again on the CPU, or
    /// why it is gone; may be empty.
    std::function<void(Result<LoadedModel>)> reopened;
};

struct LoadedModel {
    ModelDescription description;
    std::string
        device;  ///< for the status line, with the reason: "CPU, AVX-512 VNNI, 4 threads (no CUDA plugin)"
    std::uint32_t context = 0;  ///< tokens that fit
    KvType kv = KvType::f16;
    std::vector<CurvePoint> curve;  ///< t(M) as remembered from an earlier load; empty until it was measured
    double load_ms = 0;
    std::shared_ptr<const Tokenizer>
        tokenizer;  ///< shared so that counting tokens is safe while the model is being changed
};

struct LoadProgress {
    double share = 0;  ///< 0 to 1
};

/// What is kept of texts that were read, so that they need not be read again.
struct CacheState {
    std::uint64_t memory_bytes = 0;  ///< of all pages, taken at load
    std::uint64_t memory_used = 0;   ///< of the pages that hold something
    std::uint64_t tokens_kept = 0;   ///< in memory, for later requests
    std::uint64_t disk_bytes = 0;
    std::uint64_t disk_quota = 0;
    std::uint64_t disk_pages = 0;
    std::string disk_note;  ///< why the disk is not used, for a person; empty: it is
    // Since the model was loaded:
    std::uint64_t lookups = 0;
    std::uint64_t hits = 0;  ///< lookups that found at least one token
    std::uint64_t reused_tokens = 0;
    std::uint64_t disk_tokens = 0;      ///< of the reused ones, brought back from the disk
    std::uint64_t evicted_entries = 0;  ///< let go of for want of room
};

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
    RequestId submit(PrefillRequest request, EventSink sink);
    RequestId submit(ScoreRequest request, EventSink sink);
    RequestId submit(EmbedRequest request, EventSink sink);
    RequestId submit(PruneRequest request, EventSink sink);
    RequestId submit(ChooseRequest request, EventSink sink);
    RequestId submit(BenchRequest request, EventSink sink);
    /// Takes effect within 100 ms, in prefill too; reading ahead may first end its step, which a person's
    /// request breaks off. The request still ends with its last event (StopReason::cancelled, complete =
    /// false, or an Error).
    void cancel(RequestId request);

    // The answers of these come on a thread of the engine's as well, and always come.
    /// t(M) of the loaded model; empty until it was measured (LoadOptions::measurements).
    void curve(std::function<void(std::vector<CurvePoint>)> answer);
    void cache_state(std::function<void(CacheState)> answer);
    /// Forgets all that is kept, in memory and on disk.
    void clear_cache(std::function<void(Status)> done);
    /// Forgets what only this owner (CacheScope) has, in memory and on disk.
    void forget(std::uint64_t owner);
    /// Forgets all owners on the disk but these: they went while the disk was not in use.
    void forget_others(std::vector<std::uint64_t> known);

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace tendril::engine
