// SPDX-License-Identifier: Apache-2.0
// Answers one question: in one piece, or as an outline whose points grow side by side from one shared prompt.
// Vetoes cost nothing; then the expected gain, then the model is asked; a bad outline gives a normal answer.
// Driven by the engine's events, which its owner brings to the one thread that it lives on; owns no thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/composing.h"
#include "app/expand/branches.h"
#include "app/expand/expansion_port.h"
#include "app/expand/expansion_state.h"
#include "app/expand/skeleton_kit.h"
#include "prompt/skeleton/router.h"
#include "storage/chat_store.h"

namespace tendril::app {

struct ExpansionRequest {
    storage::AnswerMode mode = storage::AnswerMode::automatic;
    std::string question;  ///< the user's message as it was typed
    prompt::skeleton::RouteFacts facts;
    ComposedPrompt prompt;   ///< of a normal answer
    bool continued = false;  ///< the prompt ends with the beginning of an answer: a normal one
    engine::SamplerSettings sampler;
    std::uint32_t max_tokens = 0;  ///< of the whole answer; 0: no limit but the context
    std::uint32_t context = 0;     ///< tokens
    engine::CacheScope cache;
    std::vector<engine::CurvePoint> curve;  ///< t(M), as measured
    std::vector<engine::MovedText> moved;   ///< of `prompt`; outlines read all exactly
};

struct ExpansionResult {
    enum class Ending : std::uint8_t { complete, cancelled, failed };
    Ending ending = Ending::complete;
    ExpansionState state;
    std::string text;            ///< of points: stitched; they have been told one by one
    std::optional<Error> error;  ///< failed; or complete but for a point that failed
    /// Of a normal answer: the engine's own. Of points: tokens drawn for them, counters of all requests.
    std::optional<engine::FinishedEvent> finished;
    std::vector<WrittenPoint> written;  ///< of points: where their text stands in the cache
};

class Expansion {
  public:
    /// `kit` may be null: then all answers are normal. All but `request` live longer than this.
    Expansion(ExpansionRequest request, const PromptComposer& composer, SkeletonKit* kit,
              ExpansionPort& engine, ExpansionObserver& observer);
    ~Expansion();
    Expansion(const Expansion&) = delete;
    Expansion& operator=(const Expansion&) = delete;

    void start();
    /// An event of one of its requests; those of others are ignored.
    void handle(engine::RequestId request, const engine::Event& event);
    /// Cancels all its requests before it returns; they still bring their last events, then it has ended.
    void cancel();
    /// The same without waiting for them.
    void abandon();

    const ExpansionState& state() const { return state_; }
    /// Once, when it has ended.
    std::optional<ExpansionResult> take_result();

  private:
    enum class Stage : std::uint8_t { routing, outline, points, normal, ended };
    struct Choice {
        engine::RequestId request = 0;
        std::vector<float> logprobs;  // empty: not answered yet
    };

    std::optional<prompt::skeleton::Reason> veto() const;
    bool route();
    void chosen(engine::RequestId request, const engine::Event& event);
    void ask_outline();
    void outline_event(const engine::Event& event);
    void read_outline(const engine::FinishedEvent& finished);
    void begin_points(const prompt::skeleton::Outline& outline, std::vector<engine::TokenId> drawn);
    void points_ended();
    void answer_normally(const prompt::skeleton::Reason& reason);
    void normal_event(const engine::Event& event);
    void end(ExpansionResult::Ending ending);
    void fail_with(const Error& error);
    void count(const engine::FinishedEvent& finished);
    void add_text(const std::string& text);
    prompt::skeleton::Reason reason(std::string_view key) const;
    double now_ms() const;

    ExpansionRequest request_;
    const PromptComposer& composer_;
    SkeletonKit* kit_;
    ExpansionPort& engine_;
    ExpansionObserver& observer_;
    const prompt::skeleton::Language* language_ = nullptr;
    Clock::time_point begun_;
    Stage stage_ = Stage::ended;
    bool cancelled_ = false;
    ExpansionState state_;
    std::vector<Choice> choices_;
    engine::RequestId asked_ = 0;  // the outline's or the normal answer's
    std::optional<app::Stage> outline_stage_;
    std::string text_;  // of the outline, then of the normal answer
    bool spoilt_ = false;
    std::unique_ptr<Branches> branches_;
    std::optional<ExpansionResult> result_;
};

}  // namespace tendril::app
