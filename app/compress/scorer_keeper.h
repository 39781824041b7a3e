// SPDX-License-Identifier: Apache-2.0
// A second, small model that only scores or embeds: loaded when it is needed, let go of when it was not
// needed for a minute. One background thread only, but for interrupt(). Owned by Compressions and by
// Embedder.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "app/compress/engine_scorer.h"
#include "app/engine_port.h"
#include "app/mailbox.h"

namespace tendril::app {

class ScorerKeeper {
  public:
    using MakeEngine = std::function<std::unique_ptr<EnginePort>()>;
    static constexpr Clock::duration kKept = std::chrono::minutes(1);

    /// `what`: the model, as errors name it.
    ScorerKeeper(MakeEngine make, Clock::duration kept, const char* what)
        : make_(std::move(make)), kept_(kept), what_(what) {}

    /// Waits for the load where one is needed. The port holds until let_go(). Errors: the engine's, with the
    /// name of the file.
    Result<ScoringPort> get(const engine::LoadOptions& options);
    /// Ends a load. Any thread.
    void interrupt();

    /// The time counts from here.
    void used();
    std::optional<Clock::time_point> due() const;  ///< when let_go() is to be called
    void let_go();

  private:
    MakeEngine make_;
    Clock::duration kept_;
    const char* what_;
    std::mutex mutex_;                    // of the pointer
    std::unique_ptr<EnginePort> engine_;  // changed on the compression thread, under mutex_
    std::filesystem::path path_;          // of what is loaded
    engine::LoadedModel model_;
    std::optional<Clock::time_point> due_;
};

}  // namespace tendril::app
