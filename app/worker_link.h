// SPDX-License-Identifier: Apache-2.0
// What the parts of the chat worker share: borrowed, alive as long as the worker's thread. Chat worker's
// thread only, but for `mailbox` and `jobs`, which any thread may post to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "app/engine_port.h"
#include "app/mailbox.h"
#include "app/worker_events.h"
#include "prompt/context/context_plan.h"

namespace tendril::app {

/// The person's choices that the worker needs; see app/settings.h for their ranges.
struct WorkerSettings {
    std::string system_prompt;  ///< of new conversations
    engine::SamplerSettings sampler;
    bool fixed_seed = false;
    std::uint32_t max_answer_tokens = 0;                               ///< 0 = as long as the context lasts
    storage::AnswerMode answer_mode = storage::AnswerMode::automatic;  ///< of new conversations
    unsigned threads = 0;
    std::uint32_t context = 0;
    engine::Device device = engine::Device::automatic;
    engine::KvType kv = engine::KvType::f16;
    std::map<std::filesystem::path, engine::KvType>
        kv_of;                    ///< models that keep their cache otherwise than `kv`
    bool read_ahead = false;      ///< of prompts, while they are typed and while answers are read
    bool model_titles = false;    ///< the model names conversations
    bool work_on_battery = true;  ///< both also while the battery is being emptied
    bool disk_cache = true;
    std::uint64_t cache_quota = 0;                        ///< bytes; 0 = automatic
    bool shorten_memory = true;                           ///< old turns, by itself in idle time
    prompt::context::Thresholds shorten_thresholds = {};  ///< when, and how far
    std::string memory_method = "summary";  ///< of old turns: "summary", a text method or "leave_out"
    bool prune_documents = false;  ///< whole ones that a conversation begins with: their keys and values
    double prune_keep = 0.5;       ///< share of their keys
    std::string compress_method;   ///< of documents, by the name of the command line; empty = the default
    double compress_rate = 0.5;    ///< share of a document's tokens to keep
    std::filesystem::path scorer_model;     ///< empty: the loaded model scores
    std::filesystem::path embedding_model;  ///< documents are searched with it too; empty: by words alone
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
    std::filesystem::path cache_directory;  ///< of pages; empty: none on disk
    std::filesystem::path measurements;     ///< of models on this machine; empty: none remembered
    std::filesystem::path power_supplies;
    bool measure_at_load = false;  ///< t(M), where it is not known

    void notice(std::string text, ConversationId about = 0) const {
        emit(Notice{std::move(text), false, about});
    }
    /// Tells a person and the log; for failures that stop nothing else.
    void report(const Error& error, ConversationId about = 0) const;
};

}  // namespace tendril::app
