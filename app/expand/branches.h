// SPDX-License-Identifier: Apache-2.0
// The points of one outline as they are written: some at a time, from one shared prompt, refilled as they
// end. A point that needs others is written behind their text. Lives in an Expansion, on its thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/composing.h"
#include "app/expand/expansion_port.h"
#include "app/expand/expansion_state.h"
#include "prompt/skeleton/order.h"
#include "prompt/skeleton/outline.h"
#include "prompt/skeleton/points.h"
#include "prompt/skeleton/stitch.h"

namespace tendril::app {

/// What was read and drawn for one point.
struct WrittenPoint {
    std::vector<engine::TokenId> tokens;  ///< from the beginning of its prompt to its last drawn one
    std::uint32_t heading_at = 0;         ///< of `tokens`, the first of its heading
};

struct BranchesRequest {
    Stage stage;    ///< the outline's prompt
    Drawn outline;  ///< what was drawn to it and is kept
    prompt::skeleton::Outline points;
    engine::SamplerSettings sampler;
    std::vector<std::string> stop;  ///< of the template
    std::uint32_t most_tokens = 0;  ///< of one point; 0: as the guards say
    std::uint32_t context = 0;
    engine::CacheScope cache;
    std::uint32_t lanes = 1;
};

class Branches {
  public:
    Branches(BranchesRequest request, const PromptComposer& composer,
             const prompt::skeleton::Phrases& phrases, const prompt::skeleton::Language& language,
             ExpansionPort& engine, ExpansionObserver& observer, ExpansionState& state,
             std::function<double()> now_ms);
    ~Branches();

    /// Nothing: they can be written. Else why not; then nothing was asked of the engine.
    std::optional<prompt::skeleton::Reason> check();
    void start();
    /// True when the event was of one of its requests.
    bool handle(engine::RequestId request, const engine::Event& event);
    void cancel();  ///< as Expansion::cancel()
    void abandon();

    bool ended() const;                            ///< nothing grows, and nothing waits that will
    bool cancelled() const { return cancelled_; }  ///< by its owner or by the engine
    const std::optional<Error>& error() const { return error_; }  ///< of a point that failed
    /// The answer; copies of other points left out. Fills in the points' places in `state`.
    std::string stitched();
    std::uint32_t points_with_text() const;
    std::vector<WrittenPoint> written() const;
    /// The points together: tokens drawn, counters.
    const engine::FinishedEvent& totals() const { return totals_; }

  private:
    struct Branch;

    void fill_lanes();
    void begin(std::uint32_t index);
    std::optional<Stage> stage_of(std::uint32_t index, std::vector<engine::MovedText>& moved);
    void take_text(std::uint32_t index, const engine::TextEvent& text);
    void tell_text(std::uint32_t index, std::uint32_t tokens);
    void end(std::uint32_t index, const engine::FinishedEvent& finished);
    void set_phase(std::uint32_t index, PointPhase phase, std::string stop);
    bool growing() const;

    BranchesRequest request_;
    const PromptComposer& composer_;
    const prompt::skeleton::Phrases& phrases_;
    const prompt::skeleton::Language& language_;
    ExpansionPort& engine_;
    ExpansionObserver& observer_;
    ExpansionState& state_;
    std::function<double()> now_ms_;
    std::vector<std::unique_ptr<Branch>> branches_;
    bool cancelled_ = false;
    std::optional<Error> error_;
    engine::FinishedEvent totals_;
};

}  // namespace tendril::app
