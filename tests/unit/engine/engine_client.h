// SPDX-License-Identifier: Apache-2.0
// Talks to an engine from a test's thread: submits, waits for ends with a time limit, keeps all events.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "engine/engine.h"

namespace tendril::test {

using namespace std::chrono_literals;
using EventClock = std::chrono::steady_clock;

struct Reply {
    std::string text;
    std::uint32_t text_events = 0;
    std::uint32_t text_tokens = 0;
    std::vector<engine::PrefillEvent> prefill;
    std::optional<engine::FinishedEvent> finished;
    std::optional<engine::PrefilledEvent> prefilled;
    std::optional<engine::ScoredEvent> scored;
    std::optional<engine::EmbeddedEvent> embedded;
    std::optional<engine::PrunedEvent> pruned;
    std::optional<engine::ChosenEvent> chosen;
    std::optional<engine::BenchEvent> bench;
    std::optional<Error> error;
    int ends = 0;
    int events = 0;
    EventClock::time_point ended;
};

class EngineClient {
  public:
    explicit EngineClient(std::shared_ptr<spdlog::logger> log = nullptr)
        : engine(std::make_unique<engine::Engine>(std::move(log))) {}

    Result<engine::LoadedModel> load(engine::LoadOptions options,
                                     std::function<void(engine::LoadProgress)> progress = {}) {
        std::optional<Result<engine::LoadedModel>> result;
        engine->load(std::move(options), std::move(progress), [&](Result<engine::LoadedModel> loaded) {
            const std::lock_guard lock(mutex_);
            result = std::move(loaded);
            changed_.notify_all();
        });
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return result.has_value(); });
        return std::move(*result);
    }
    Result<engine::LoadedModel> load(const std::filesystem::path& path) {
        engine::LoadOptions options;
        options.path = path;
        return load(options);
    }

    template <typename Request>
    engine::RequestId submit(Request request) {
        return engine->submit(std::move(request), [this](engine::RequestId id, engine::Event event) {
            note(id, std::move(event));
        });
    }

    /// False after two minutes.
    template <typename Condition>
    bool wait(engine::RequestId id, Condition condition) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 120s, [&] { return condition(replies_[id]); });
    }
    bool wait_end(engine::RequestId id) {
        return wait(id, [](const Reply& reply) { return reply.ends > 0; });
    }
    /// Waits for the end and gives a copy of all that came.
    Reply reply(engine::RequestId id) {
        wait_end(id);
        const std::lock_guard lock(mutex_);
        return replies_[id];
    }
    template <typename Request>
    Reply ask(Request request) {
        return reply(submit(std::move(request)));
    }
    engine::CacheState cache_state() {
        return await<engine::CacheState>([&](auto done) { engine->cache_state(std::move(done)); });
    }
    std::vector<engine::CurvePoint> curve() {
        return await<std::vector<engine::CurvePoint>>([&](auto done) { engine->curve(std::move(done)); });
    }
    bool clear_cache() {
        return await<Status>([&](auto done) { engine->clear_cache(std::move(done)); }).has_value();
    }
    std::map<engine::RequestId, Reply> replies() {
        const std::lock_guard lock(mutex_);
        return replies_;
    }

  private:
    template <typename Answer, typename Ask>
    Answer await(const Ask& ask) {
        std::promise<Answer> promise;
        ask([&promise](Answer answer) { promise.set_value(std::move(answer)); });
        return promise.get_future().get();
    }
    void note(engine::RequestId id, engine::Event event) {
        const std::lock_guard lock(mutex_);
        Reply& reply = replies_[id];
        ++reply.events;
        if (auto* text = std::get_if<engine::TextEvent>(&event)) {
            reply.text += text->text;
            reply.text_tokens += text->tokens;
            ++reply.text_events;
        } else if (auto* prefill = std::get_if<engine::PrefillEvent>(&event)) {
            reply.prefill.push_back(*prefill);
        } else {
            ++reply.ends;
            reply.ended = EventClock::now();
            if (auto* finished = std::get_if<engine::FinishedEvent>(&event)) {
                reply.finished = std::move(*finished);
            } else if (auto* prefilled = std::get_if<engine::PrefilledEvent>(&event)) {
                reply.prefilled = std::move(*prefilled);
            } else if (auto* scored = std::get_if<engine::ScoredEvent>(&event)) {
                reply.scored = std::move(*scored);
            } else if (auto* embedded = std::get_if<engine::EmbeddedEvent>(&event)) {
                reply.embedded = std::move(*embedded);
            } else if (auto* pruned = std::get_if<engine::PrunedEvent>(&event)) {
                reply.pruned = *pruned;
            } else if (auto* chosen = std::get_if<engine::ChosenEvent>(&event)) {
                reply.chosen = std::move(*chosen);
            } else if (auto* bench = std::get_if<engine::BenchEvent>(&event)) {
                reply.bench = std::move(*bench);
            } else {
                reply.error = std::get<Error>(event);
            }
        }
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<engine::RequestId, Reply> replies_;

  public:
    std::unique_ptr<engine::Engine> engine;  // ends before what its events need
};

}  // namespace tendril::test
