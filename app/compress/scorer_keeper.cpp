// SPDX-License-Identifier: Apache-2.0
// ScorerKeeper. Compression thread; the load's end comes from the engine's.
#include "app/compress/scorer_keeper.h"

#include <future>
#include <utility>

namespace tendril::app {

Result<ScoringPort> ScorerKeeper::get(const engine::LoadOptions& options) {
    if (!engine_ || path_ != options.path) {
        let_go();
        {
            const std::lock_guard lock(mutex_);
            engine_ = make_();
        }
        auto loaded = std::make_shared<std::promise<Result<engine::LoadedModel>>>();
        auto wait = loaded->get_future();
        engine_->load(
            options, [](engine::LoadProgress) {},
            [loaded](Result<engine::LoadedModel> result) { loaded->set_value(std::move(result)); });
        auto result = wait.get();
        if (!result) {
            let_go();
            Error error = result.error();
            if (error.code != ErrorCode::cancelled) {
                error.message = std::string(what_) + " " + options.path.filename().string() +
                                " cannot be used: " + error.message;
            }
            return fail(std::move(error));
        }
        model_ = std::move(*result);
        path_ = options.path;
    }
    due_.reset();
    EnginePort* engine = engine_.get();
    return ScoringPort{[engine](engine::ScoreRequest request, engine::EventSink sink) {
                           return engine->submit(std::move(request), std::move(sink));
                       },
                       [engine](engine::RequestId id) { engine->cancel(id); }, model_.tokenizer,
                       model_.context,
                       [engine](engine::EmbedRequest request, engine::EventSink sink) {
                           return engine->submit(std::move(request), std::move(sink));
                       }};
}

void ScorerKeeper::interrupt() {
    const std::lock_guard lock(mutex_);
    if (engine_) {
        engine_->cancel_load();
    }
}

void ScorerKeeper::used() {
    if (engine_) {
        due_ = Clock::now() + kept_;
    }
}

std::optional<Clock::time_point> ScorerKeeper::due() const {
    return due_;
}

void ScorerKeeper::let_go() {
    std::unique_ptr<EnginePort> gone;
    {
        const std::lock_guard lock(mutex_);
        gone = std::move(engine_);
    }
    path_.clear();
    model_ = {};
    due_.reset();
}

}  // namespace tendril::app
