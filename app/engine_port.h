// SPDX-License-Identifier: Apache-2.0
// The few things that the chat worker asks of an engine, so that tests can drive it step by step. Any thread;
// owned by the worker.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "engine/engine.h"

namespace tendril::app {

/// Same promises as engine::Engine: calls return at once, sinks are called on the engine's thread.
class EnginePort {
  public:
    virtual ~EnginePort() = default;
    virtual void load(engine::LoadOptions options, std::function<void(engine::LoadProgress)> progress,
                      std::function<void(Result<engine::LoadedModel>)> done) = 0;
    virtual void cancel_load() = 0;
    virtual engine::RequestId submit(engine::GenerateRequest request, engine::EventSink sink) = 0;
    virtual engine::RequestId submit(engine::PrefillRequest request, engine::EventSink sink) = 0;
    virtual engine::RequestId submit(engine::ScoreRequest request, engine::EventSink sink) = 0;
    virtual engine::RequestId submit(engine::EmbedRequest request, engine::EventSink sink) = 0;
    virtual engine::RequestId submit(engine::PruneRequest request, engine::EventSink sink) = 0;
    virtual engine::RequestId submit(engine::ChooseRequest request, engine::EventSink sink) = 0;
    virtual engine::RequestId submit(engine::BenchRequest request, engine::EventSink sink) = 0;
    virtual void cancel(engine::RequestId request) = 0;
    virtual void curve(std::function<void(std::vector<engine::CurvePoint>)> answer) = 0;
    virtual void cache_state(std::function<void(engine::CacheState)> answer) = 0;
    virtual void clear_cache(std::function<void(Status)> done) = 0;
    virtual void forget(std::uint64_t owner) = 0;
    virtual void forget_others(std::vector<std::uint64_t> known) = 0;
    virtual Result<engine::ModelDescription> inspect(const std::filesystem::path& path) = 0;
};

/// The real one.
std::unique_ptr<EnginePort> make_engine_port(std::shared_ptr<spdlog::logger> log);

}  // namespace tendril::app
