// SPDX-License-Identifier: Apache-2.0
// The engine's thread: takes commands between steps, and runs steps while there is work.
#include "engine/engine.h"

#include <spdlog/logger.h>

#include "engine/engine_thread.h"
#include "engine/model/describe.h"

namespace tendril::engine {

Engine::Engine(std::shared_ptr<spdlog::logger> log) : thread_(std::make_unique<Thread>(std::move(log))) {}

Engine::~Engine() = default;

Result<ModelDescription> Engine::inspect(const std::filesystem::path& path) {
    try {
        return describe_model(path);
    } catch (const std::exception& exception) {
        return fail(error_of(exception));
    }
}

void Engine::load(LoadOptions options, std::function<void(LoadProgress)> progress,
                  std::function<void(Result<LoadedModel>)> done) {
    thread_->load(std::move(options), std::move(progress), std::move(done));
}

void Engine::cancel_load() {
    thread_->cancel_load();
}

void Engine::unload() {
    thread_->unload();
}

RequestId Engine::submit(GenerateRequest request, EventSink sink) {
    return thread_->submit(std::move(request), std::move(sink));
}

RequestId Engine::submit(PrefillRequest request, EventSink sink) {
    return thread_->submit(std::move(request), std::move(sink));
}

RequestId Engine::submit(ScoreRequest request, EventSink sink) {
    return thread_->submit(std::move(request), std::move(sink));
}

RequestId Engine::submit(EmbedRequest request, EventSink sink) {
    return thread_->submit(std::move(request), std::move(sink));
}

RequestId Engine::submit(PruneRequest request, EventSink sink) {
    return thread_->submit(std::move(request), std::move(sink));
}

RequestId Engine::submit(ChooseRequest request, EventSink sink) {
    return thread_->submit(std::move(request), std::move(sink));
}

RequestId Engine::submit(BenchRequest request, EventSink sink) {
    return thread_->submit(std::move(request), std::move(sink));
}

void Engine::cancel(RequestId request) {
    thread_->cancel(request);
}

void Engine::curve(std::function<void(std::vector<CurvePoint>)> answer) {
    thread_->curve(std::move(answer));
}

void Engine::cache_state(std::function<void(CacheState)> answer) {
    thread_->cache_state(std::move(answer));
}

void Engine::clear_cache(std::function<void(Status)> done) {
    thread_->clear_cache(std::move(done));
}

void Engine::forget(std::uint64_t owner) {
    thread_->forget(owner);
}

void Engine::forget_others(std::vector<std::uint64_t> known) {
    thread_->forget_others(std::move(known));
}

}  // namespace tendril::engine
