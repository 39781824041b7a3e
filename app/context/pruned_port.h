// SPDX-License-Identifier: Apache-2.0
// The engine as the chat worker sees it, where beginnings of conversations were pruned (PruneRequest): every
// request that begins with one takes it from there, whoever asks, and is asked anew with the whole text when
// it is gone. Any thread; owned by ChatWorker's core, over its engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "app/engine_port.h"

namespace tendril::app {

/// What stands for the first tokens of an owner's prompts.
struct PrunedBeginning {
    std::vector<engine::TokenId> tokens;
    std::uint64_t key = 0;  ///< PrunedEvent::key
    /// What was read behind the whole text and not yet behind this, from the first token on: taken from
    /// there until then.
    std::vector<engine::TokenId> before = {};
};

class PrunedPort final : public EnginePort {
  public:
    /// `on_lost`: an owner's beginning is gone from memory; on a thread of the engine's.
    PrunedPort(EnginePort& engine, std::function<void(std::uint64_t owner)> on_lost);
    ~PrunedPort() override;
    PrunedPort(const PrunedPort&) = delete;
    PrunedPort& operator=(const PrunedPort&) = delete;

    /// `owner`: CacheScope::owner of the requests that it is for. One for each.
    void keep(std::uint64_t owner, PrunedBeginning beginning);
    void drop(std::uint64_t owner);
    void clear();
    /// These tokens are known behind what is pruned of them.
    void read(std::span<const engine::TokenId> tokens);

    void load(engine::LoadOptions options, std::function<void(engine::LoadProgress)> progress,
              std::function<void(Result<engine::LoadedModel>)> done) override;
    void cancel_load() override;
    engine::RequestId submit(engine::GenerateRequest request, engine::EventSink sink) override;
    engine::RequestId submit(engine::PrefillRequest request, engine::EventSink sink) override;
    engine::RequestId submit(engine::ScoreRequest request, engine::EventSink sink) override;
    engine::RequestId submit(engine::EmbedRequest request, engine::EventSink sink) override;
    engine::RequestId submit(engine::PruneRequest request, engine::EventSink sink) override;
    engine::RequestId submit(engine::ChooseRequest request, engine::EventSink sink) override;
    engine::RequestId submit(engine::BenchRequest request, engine::EventSink sink) override;
    void cancel(engine::RequestId request) override;
    void curve(std::function<void(std::vector<engine::CurvePoint>)> answer) override;
    void cache_state(std::function<void(engine::CacheState)> answer) override;
    void clear_cache(std::function<void(Status)> done) override;
    void forget(std::uint64_t owner) override;
    void forget_others(std::vector<std::uint64_t> known) override;
    Result<engine::ModelDescription> inspect(const std::filesystem::path& path) override;

  private:
    struct Flight;
    struct Shared;
    template <typename Request>
    engine::RequestId pass(Request request, engine::EventSink sink);

    EnginePort& engine_;
    std::shared_ptr<Shared> shared_;  // with the sinks, which may outlive this
};

}  // namespace tendril::app
