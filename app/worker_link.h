// SPDX-License-Identifier: Apache-2.0
// What the parts of the chat worker share: borrowed, alive as long as the worker's thread. Chat worker's
// thread only, but for `mailbox` and `jobs`, which any thread may post to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "app/engine_port.h"
#include "app/mailbox.h"
#include "app/worker_events.h"

namespace tendril::app {

/// The person's choices that the worker needs; see app/settings.h for their ranges.
struct WorkerSettings {
    std::string system_prompt;  ///< of new conversations
    engine::SamplerSettings sampler;
    bool fixed_seed = false;
    std::uint32_t max_answer_tokens = 0;  ///< 0 = as long as the context lasts
    unsigned threads = 0;
    std::uint32_t context = 0;
    engine::Device device = engine::Device::automatic;
    engine::KvType kv = engine::KvType::f16;
};

struct WorkerLink {
    EnginePort& engine;
    storage::ChatStore& store;
    std::shared_ptr<Mailbox> mailbox;  ///< shared: engine callbacks may outlive the worker
    JobThread& jobs;
    std::function<void(WorkerEvent)> emit;
    std::shared_ptr<spdlog::logger> log;
    WorkerSettings settings;
    Clock::duration journal_interval;

    void notice(std::string text) const { emit(Notice{std::move(text)}); }
    /// Tells a person and the log; for failures that stop nothing else.
    void report(const Error& error) const;
};

}  // namespace tendril::app
