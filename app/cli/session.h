// SPDX-License-Identifier: Apache-2.0
// A loaded model for one command: waits for the engine, passes texts on as they come, ends early on SIGINT.
// Main thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <variant>

#include "engine/engine.h"

namespace tendril::app::cli {

class Interrupt;

class Session {
  public:
    static Result<std::unique_ptr<Session>> load(engine::LoadOptions options, Interrupt& interrupt);

    const engine::LoadedModel& model() const { return model_; }
    engine::Engine& engine() { return engine_; }  ///< for requests that run together

    /// `on_text` is called on this thread; false from it cancels (nobody reads any more). A cancelled answer
    /// is no error.
    Result<engine::FinishedEvent> generate(engine::GenerateRequest request,
                                           const std::function<bool(std::string_view)>& on_text);
    Result<engine::ScoredEvent> score(engine::ScoreRequest request);
    Result<engine::PrunedEvent> prune(engine::PruneRequest request);
    Result<engine::BenchEvent> bench(engine::BenchRequest request);

  private:
    explicit Session(Interrupt& interrupt);
    using Outcome = std::variant<engine::FinishedEvent, engine::ScoredEvent, engine::PrunedEvent,
                                 engine::BenchEvent, Error>;
    template <typename Request>
    Outcome run(Request request, const std::function<bool(std::string_view)>& on_text);

    Interrupt& interrupt_;
    engine::LoadedModel model_;
    engine::Engine engine_;
};

/// The ids of a text, with the model's BOS in front unless the text begins with it.
std::vector<engine::TokenId> encode_with_bos(const engine::Tokenizer& tokenizer, std::string_view text,
                                             bool parse_special);

}  // namespace tendril::app::cli
