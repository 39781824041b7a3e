// SPDX-License-Identifier: Apache-2.0
// Self-information from a loaded model, in the background: a person's answer goes first. score() waits on its
// caller's thread; stop() may be called from any. Owned by whoever compresses.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/engine.h"
#include "engine/text/tokenizer.h"
#include "prompt/compress/compress.h"

namespace tendril::app {

/// What a scorer asks of an engine; same promises as engine::Engine. Must outlive the scorer.
struct ScoringPort {
    std::function<engine::RequestId(engine::ScoreRequest, engine::EventSink)> submit;
    std::function<void(engine::RequestId)> cancel;
    std::shared_ptr<const engine::Tokenizer> tokenizer;
    std::uint32_t context = 0;  ///< tokens
    std::function<engine::RequestId(engine::EmbedRequest, engine::EventSink)> embed = {};
};

class EngineScorer final : public prompt::Scorer {
  public:
    /// What is read is kept as `scope` says.
    EngineScorer(ScoringPort port, engine::CacheScope scope);

    /// BOS (or what the model begins texts with) stands in front of each job. A context that does not fit
    /// loses its beginning; a text that does not fit is scored in windows that overlap by half. Errors: the
    /// engine's; cancelled.
    Result<std::vector<std::vector<prompt::ScoredPiece>>> score(
        std::span<const prompt::ScoreJob> jobs) override;

    /// Ends what runs and all that follows.
    void stop();
    const prompt::CancelFlag& stopped() const { return stopped_; }
    std::size_t tokens_asked() const { return tokens_asked_; }  ///< of all jobs so far, cached ones included

  private:
    struct Desk;    // shared with the sinks
    struct Window;  // one request
    std::vector<Window> windows_of(std::span<const prompt::ScoreJob> jobs) const;
    std::vector<engine::TokenId> beginning() const;

    ScoringPort port_;
    engine::CacheScope scope_;
    prompt::CancelFlag stopped_{false};
    std::mutex mutex_;
    std::vector<engine::RequestId> running_;  // under mutex_
    std::size_t tokens_asked_ = 0;
};

}  // namespace tendril::app
