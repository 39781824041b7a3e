// SPDX-License-Identifier: Apache-2.0
// The port over the real engine: passes everything on. Any thread; owned by the chat worker.
#include "app/engine_port.h"

namespace tendril::app {
namespace {

class RealEngine final : public EnginePort {
  public:
    explicit RealEngine(std::shared_ptr<spdlog::logger> log) : engine_(std::move(log)) {}

    void load(engine::LoadOptions options, std::function<void(engine::LoadProgress)> progress,
              std::function<void(Result<engine::LoadedModel>)> done) override {
        engine_.load(std::move(options), std::move(progress), std::move(done));
    }
    void cancel_load() override { engine_.cancel_load(); }
    engine::RequestId submit(engine::GenerateRequest request, engine::EventSink sink) override {
        return engine_.submit(std::move(request), std::move(sink));
    }
    engine::RequestId submit(engine::PrefillRequest request, engine::EventSink sink) override {
        return engine_.submit(std::move(request), std::move(sink));
    }
    engine::RequestId submit(engine::ScoreRequest request, engine::EventSink sink) override {
        return engine_.submit(std::move(request), std::move(sink));
    }
    engine::RequestId submit(engine::EmbedRequest request, engine::EventSink sink) override {
        return engine_.submit(std::move(request), std::move(sink));
    }
    engine::RequestId submit(engine::PruneRequest request, engine::EventSink sink) override {
        return engine_.submit(std::move(request), std::move(sink));
    }
    engine::RequestId submit(engine::ChooseRequest request, engine::EventSink sink) override {
        return engine_.submit(std::move(request), std::move(sink));
    }
    engine::RequestId submit(engine::BenchRequest request, engine::EventSink sink) override {
        return engine_.submit(std::move(request), std::move(sink));
    }
    void cancel(engine::RequestId request) override { engine_.cancel(request); }
    void curve(std::function<void(std::vector<engine::CurvePoint>)> answer) override {
        engine_.curve(std::move(answer));
    }
    void cache_state(std::function<void(engine::CacheState)> answer) override {
        engine_.cache_state(std::move(answer));
    }
    void clear_cache(std::function<void(Status)> done) override { engine_.clear_cache(std::move(done)); }
    void forget(std::uint64_t owner) override { engine_.forget(owner); }
    void forget_others(std::vector<std::uint64_t> known) override { engine_.forget_others(std::move(known)); }
    Result<engine::ModelDescription> inspect(const std::filesystem::path& path) override {
        return engine::Engine::inspect(path);
    }

  private:
    engine::Engine engine_;
};

}  // namespace

std::unique_ptr<EnginePort> make_engine_port(std::shared_ptr<spdlog::logger> log) {
    return std::make_unique<RealEngine>(std::move(log));
}

}  // namespace tendril::app
