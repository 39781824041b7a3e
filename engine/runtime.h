// SPDX-License-Identifier: Apache-2.0
// All that belongs to one loaded model, in the order in which it depends on each other. Made and destroyed on
// the engine thread.
#pragma once

#include <functional>
#include <memory>

#include "engine/backend/backend.h"
#include "engine/cache/disk/page_store.h"
#include "engine/cache/kv_cache.h"
#include "engine/engine.h"
#include "engine/idle_work.h"
#include "engine/model/forward.h"
#include "engine/model/mapped_file.h"
#include "engine/model/model_config.h"
#include "engine/model/weights.h"
#include "engine/sample/grammar/grammar_pool.h"
#include "engine/schedule/scheduler.h"

namespace tendril::engine {

/// Makes the backend that the options ask for; a parameter so that tests can load onto the reference backend.
using BackendFactory = std::function<Result<std::unique_ptr<Backend>>(const LoadOptions& options)>;
Result<std::unique_ptr<Backend>> make_backend(const LoadOptions& options);

/// What a request is told that ran when the device was lost.
Error lost_device_error(Error health);

struct Runtime {
    std::unique_ptr<MappedFile> file;
    ModelConfig config;
    std::shared_ptr<const Tokenizer> tokenizer;
    std::unique_ptr<Backend> backend;
    ModelWeights weights;
    std::unique_ptr<KvPages> pages;
    std::unique_ptr<PageStore> store;  ///< null: nothing is kept on disk
    std::unique_ptr<KvCache> cache;
    std::unique_ptr<ForwardPass> forward;
    std::unique_ptr<grammar::GrammarPool> grammars;
    std::unique_ptr<Scheduler> scheduler;
    std::unique_ptr<IdleWork> idle;
    LoadedModel model;  ///< what the caller is told

    CacheState cache_state() const;

    /// Reads header, tokenizer and configuration, plans the memory, and only then touches the weights.
    /// `progress` (share done) ends the load with ErrorCode::cancelled when it gives false. `log` may be
    /// null.
    static Result<std::unique_ptr<Runtime>> open(const LoadOptions& options,
                                                 const std::function<bool(double)>& progress,
                                                 const BackendFactory& factory = make_backend,
                                                 const std::shared_ptr<spdlog::logger>& log = nullptr);
};

}  // namespace tendril::engine
