// SPDX-License-Identifier: Apache-2.0
// Loading: header, tokenizer, configuration, memory plan, weights, pages, scratch.
#include "engine/runtime.h"

#include <algorithm>
#include <string>
#include <utility>

#include <spdlog/logger.h>

#include "engine/backend/cpu/cpu_backend.h"
#include "engine/backend/cuda_loader.h"
#include "engine/cache/disk/disk_page_store.h"
#include "engine/cache/disk/page_identity.h"
#include "engine/divide_model.h"
#include "engine/model/describe.h"
#include "engine/model/load_weights.h"
#include "engine/model/memory_plan.h"
#include "engine/model/read_config.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kMaxRows = kStepRows;
constexpr std::size_t kMaxLogitRows = 32;
// Of pinned memory, which the system can use for nothing else: an eighth of what is free, at most 4 GiB, and
// no more than holds some times what the card itself keeps.
constexpr std::uint64_t kHostShare = 8;
constexpr std::uint64_t kMostHostPages = std::uint64_t{4} << 30;
constexpr std::uint64_t kHostPerCard = 4;

/// The steps of a load that take or touch memory, each leaving its part in the runtime.
class Opening {
  public:
    Opening(Runtime& runtime, const LoadOptions& options, const std::function<bool(double)>& progress,
            std::shared_ptr<spdlog::logger> log, const CardRooms& rooms)
        : runtime_(runtime), options_(options), progress_(progress), log_(std::move(log)), rooms_(rooms) {}

    Status read_header() {
        Result<std::unique_ptr<MappedFile>> file = MappedFile::open(options_.path);
        if (!file) {
            return fail(std::move(file.error()));
        }
        runtime_.file = std::move(*file);
        Result<GgufFile> gguf = GgufFile::parse(runtime_.file->bytes());
        if (!gguf) {
            return fail(std::move(gguf.error()));
        }
        gguf_ = std::move(*gguf);
        Result<ModelConfig> config = read_model_config(gguf_);
        if (!config) {
            return fail(std::move(config.error()));
        }
        runtime_.config = std::move(*config);
        std::vector<std::string> warnings;
        Result<std::unique_ptr<const Tokenizer>> tokenizer = Tokenizer::create(gguf_, warnings);
        if (!tokenizer) {
            return fail(std::move(tokenizer.error()));
        }
        runtime_.tokenizer = std::move(*tokenizer);
        runtime_.file->release_pages(runtime_.file->bytes());  // the lists of tokens and merges
        warnings_ = std::move(warnings);
        return undamaged();
    }

    Status plan(const BackendFactory& factory) {
        Result<std::unique_ptr<Backend>> backend = factory(options_);
        if (!backend) {
            return fail(std::move(backend.error()));
        }
        runtime_.backend = std::move(*backend);
        on_graphics_ = runtime_.backend->free_memory().has_value();
        const PreparedBytes prepared = [&](const WeightSource& source) {
            return runtime_.backend->prepared_bytes(source);
        };
        const MemoryNeeds needs = memory_needs(gguf_, runtime_.config, prepared, options_.kv);
        const std::uint64_t available =
            on_graphics_ ? free_of(*runtime_.backend, rooms_) : available_memory();
        Result<MemoryPlan> plan = plan_memory(needs, options_.context, available);
        if (!plan && on_graphics_) {
            plan = divide(factory, std::move(plan.error()));
        }
        if (!plan) {
            return fail(std::move(plan.error()));
        }
        plan_ = std::move(*plan);
        runtime_.model.context = plan_.context;
        if (!plan_.note.empty()) {
            warnings_.push_back(plan_.note);
        }
        runtime_.model.description = describe(gguf_, runtime_.config, options_.path,
                                              runtime_.file->bytes().size(), prepared, options_.kv);
        std::vector<std::string>& told = runtime_.model.description.warnings;
        told.insert(told.end(), warnings_.begin(), warnings_.end());
        return {};
    }

    Status take_memory() {
        // What the backend has copied need not stay in memory a second time.
        const SourceDone source_done = [&](std::span<const std::byte> bytes) {
            runtime_.file->release_pages(bytes);
        };
        Result<ModelWeights> weights =
            load_weights(gguf_, runtime_.config, *runtime_.backend, progress_, source_done);
        if (!weights) {
            return fail(std::move(weights.error()));
        }
        runtime_.weights = std::move(*weights);
        // Neither need what the system mapped around the copied parts, and the header's lists.
        runtime_.file->release_pages(runtime_.file->bytes());
        const ModelConfig& config = runtime_.config;
        const std::size_t context = runtime_.model.context;
        Result<std::unique_ptr<KvPages>> pages =
            runtime_.backend->make_kv_pages(kv_layout(config, options_.kv), plan_.pages);
        if (!pages) {
            return fail(std::move(pages.error()));
        }
        runtime_.pages = std::move(*pages);
        if (on_graphics_) {
            keep_pages_on_host();
        }
        runtime_.cache = std::make_unique<KvCache>(*runtime_.pages, longest_window(config));
        open_store();
        Result<std::unique_ptr<ForwardPass>> forward = ForwardPass::create(
            config, runtime_.weights, *runtime_.backend, *runtime_.pages,
            {.max_rows = kMaxRows, .max_logit_rows = kMaxLogitRows, .max_positions = context});
        if (!forward) {
            return fail(std::move(forward.error()));
        }
        runtime_.forward = std::move(*forward);
        SchedulerSettings settings;
        settings.check = [this_runtime = &runtime_]() -> Status {
            if (this_runtime->file->damaged()) {
                return fail(MappedFile::damage_error());
            }
            const Status health = this_runtime->backend->health();
            return health ? health : Status(fail(lost_device_error(health.error())));
        };
        if (log_) {
            settings.matched = [log = log_](RequestId id, const MatchReport& report) {
                if (report.reused < report.known) {
                    log->info("request {}: {} tokens are known, {} of them cannot be used: {}", id,
                              report.known, report.known - report.reused, report.refusal);
                }
                if (report.restored > 0) {
                    log->info("request {}: {} tokens came from the disk", id, report.restored);
                }
            };
        }
        runtime_.grammars =
            std::make_unique<grammar::GrammarPool>(runtime_.tokenizer, runtime_.config.vocabulary);
        runtime_.scheduler =
            std::make_unique<Scheduler>(*runtime_.forward, *runtime_.cache, std::move(settings));
        return undamaged();
    }

    bool on_graphics() const { return on_graphics_; }

  private:
    /// Over more cards and the CPU; the error stays when that does not help.
    Result<MemoryPlan> divide(const BackendFactory& factory, Error error) {
        auto divided =
            divide_model(gguf_, runtime_.config, options_, std::move(runtime_.backend), rooms_, factory);
        if (!divided) {
            error.detail += "; " + divided.error().message;
            return fail(std::move(error));
        }
        runtime_.backend = std::move(divided->backend);
        warnings_.push_back(std::move(divided->note));
        return std::move(divided->plan);
    }
    /// For what the card puts off; without it that goes to the disk at once.
    void keep_pages_on_host() {
        const KvPages& pages = *runtime_.pages;
        std::uint64_t share = std::min(available_memory() / kHostShare, kMostHostPages);
        std::uint64_t on_card = 0;
        for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
            on_card += pages.page_count(group) * pages.page_bytes(group);
        }
        share = std::min(share, kHostPerCard * on_card);
        const Result<std::size_t> taken = runtime_.pages->keep_on_host(options_.host_pages.value_or(share));
        if (!taken) {
            runtime_.model.description.warnings.push_back(taken.error().message);
        }
        if (log_) {
            log_->info("pages that the card puts off: {} of host memory{}", size_text(taken.value_or(0)),
                       taken ? "" : " (" + taken.error().detail + ")");
        }
    }
    void open_store() {
        if (options_.cache_directory.empty()) {
            return;
        }
        PageStoreOptions store;
        store.folder = options_.cache_directory;
        store.model = options_.path;
        store.identity = page_identity(gguf_, runtime_.config, *runtime_.backend, *runtime_.pages);
        store.full_bytes = runtime_.pages->page_bytes(PageGroup::full);
        store.window_bytes = runtime_.pages->page_bytes(PageGroup::window);
        store.quota = options_.cache_quota;
        store.log = log_;
        runtime_.store = open_page_store(std::move(store));
        runtime_.cache->attach(*runtime_.store);
    }
    Status undamaged() const {
        return runtime_.file->damaged() ? Status(fail(MappedFile::damage_error())) : Status();
    }

    Runtime& runtime_;
    const LoadOptions& options_;
    const std::function<bool(double)>& progress_;
    std::shared_ptr<spdlog::logger> log_;
    const CardRooms& rooms_;
    GgufFile gguf_;
    MemoryPlan plan_;
    bool on_graphics_ = false;  ///< a card was chosen, with or without others
    std::vector<std::string> warnings_;
};

constexpr int kMostTries = 4;  ///< to find a division that the cards have room for

/// After a load for which cards did not give enough: what to ask of them next. Half of what is in doubt, and
/// no small step. False: no card refused anything.
bool learn_rooms(const Runtime& failed, CardRooms& rooms) {
    const auto refusals = failed.backend ? failed.backend->refusals() : std::vector<Backend::Refusal>();
    for (const Backend::Refusal& refusal : refusals) {
        std::uint64_t& room = rooms.try_emplace(refusal.device, refusal.said).first->second;
        const std::uint64_t given = std::min(refusal.given, room);
        room = std::min(given + (room - given) / 2, room / 8 * 7);
    }
    return !refusals.empty();
}

/// For a model that the graphics card has no room for.
Result<std::unique_ptr<Runtime>> open_on_cpu(LoadOptions options, const std::function<bool(double)>& progress,
                                             const BackendFactory& factory,
                                             const std::shared_ptr<spdlog::logger>& log, const char* remark) {
    options.device = Device::cpu;
    Result<std::unique_ptr<Runtime>> runtime = Runtime::open(options, progress, factory, log);
    if (runtime) {
        (*runtime)->model.device += std::string(" (") + remark + ")";
    }
    return runtime;
}

}  // namespace

Error lost_device_error(Error health) {
    health.message += " The model is opened again on the CPU; ask once more.";
    return health;
}

Result<std::unique_ptr<Backend>> make_backend(const LoadOptions& options) {
    CpuOptions cpu;
    if (options.device != Device::cpu) {
        CudaSearch search = default_cuda_search();
        search.without = options.without_cards;
        auto graphics = load_cuda_backend(search);
        if (graphics) {
            return std::move(*graphics);
        }
        if (options.device == Device::cuda) {
            return fail(std::move(graphics.error().error));
        }
        cpu.remark = std::move(graphics.error().note);
    }
    cpu.threads = options.threads;
    return make_cpu_backend(cpu);
}

CacheState Runtime::cache_state() const {
    CacheState state;
    const KvCacheState memory = cache->state();
    state.memory_bytes = memory.bytes;
    state.memory_used = memory.bytes_used;
    state.tokens_kept = memory.tokens_kept;
    if (store) {
        PageStoreState disk = store->state();
        state.disk_bytes = disk.bytes;
        state.disk_quota = disk.quota;
        state.disk_pages = disk.pages;
        state.disk_note = std::move(disk.note);
    } else {
        state.disk_note = "No folder for it was chosen.";
    }
    const CacheCounters counters = cache->counters();
    state.lookups = counters.lookups;
    state.hits = counters.hits;
    state.reused_tokens = counters.reused_tokens;
    state.disk_tokens = counters.restored_tokens;
    state.evicted_entries = counters.evicted_pages;
    return state;
}

Result<std::unique_ptr<Runtime>> Runtime::open(const LoadOptions& options,
                                               const std::function<bool(double)>& progress,
                                               const BackendFactory& factory,
                                               const std::shared_ptr<spdlog::logger>& log) {
    const Clock::time_point start = Clock::now();
    std::unique_ptr<Runtime> runtime;
    CardRooms rooms;
    for (int tries = 1;; ++tries) {
        runtime = std::make_unique<Runtime>();
        Opening opening(*runtime, options, progress, log, rooms);
        Status status = opening.read_header().and_then([&] { return opening.plan(factory); }).and_then([&] {
            return opening.take_memory();
        });
        if (status) {
            break;
        }
        const bool too_little = status.error().code == ErrorCode::out_of_memory && opening.on_graphics();
        if (too_little && tries < kMostTries && learn_rooms(*runtime, rooms)) {
            if (log) {
                log->warn("a graphics card gave less memory than it said was free; trying with less ({})",
                          status.error().detail);
            }
            continue;
        }
        if (too_little && options.device == Device::automatic) {
            runtime.reset();
            return open_on_cpu(options, progress, factory, log, "CUDA: too little graphics memory");
        }
        return fail(std::move(status.error()));
    }
    LoadedModel& model = runtime->model;
    model.device = runtime->backend->description();
    runtime->idle = std::make_unique<IdleWork>(*runtime->forward, *runtime->cache, *runtime->scheduler, log);
    runtime->idle->learn_curve(options.measurements,
                               CurveKey::of(options.path, model.device, name_of(options.kv)));
    model.curve = runtime->idle->curve();
    runtime->idle->index_vocabulary(*runtime->grammars);
    if (runtime->store) {
        runtime->idle->write_pages();
    }
    if (!rooms.empty()) {
        model.description.warnings.emplace_back(
            "The graphics card gave less memory than it had said was free; the model was opened with less of "
            "it.");
    }
    if (const std::string remark = runtime->backend->remark(); !remark.empty()) {
        model.device += " (" + remark + ")";
    }
    model.kv = options.kv;
    model.tokenizer = runtime->tokenizer;
    model.load_ms = milliseconds_between(start, Clock::now());
    return runtime;
}

}  // namespace tendril::engine
