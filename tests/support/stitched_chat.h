// SPDX-License-Identifier: Apache-2.0
// An answer in points on a real model: branches behind one outline, their texts put together as the next turn
// sees them, and how far that is from reading it. Shared by a test and a measurement; one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/runtime.h"
#include "engine/schedule/scheduler.h"
#include "tests/unit/schedule/writer.h"

namespace tendril::test {

struct PointsQuestion {
    std::string text;
    std::vector<std::string> titles;
    std::string next;     ///< the question after it
    bool repeat = false;  ///< which asks for the same text again: that is the reply then
};

/// Questions that suit points, with outlines.
std::vector<PointsQuestion> points_questions();

struct StitchFigures {
    // The branches, all at once.
    std::size_t branches = 0, branch_tokens = 0, branch_prompt = 0, branch_cached = 0, branch_read = 0;
    std::uint64_t branch_steps = 0, branch_rows = 0;
    // The next turn, from its submission to its first token.
    std::size_t turn_prompt = 0, turn_cached = 0, turn_moved = 0, turn_read = 0;
    std::uint64_t turn_steps = 0;
    // Mean KL(exact || that), natural, over the rows of the reply to the next question.
    std::size_t kl_rows = 0;
    double stitched = 0, wrong_order = 0, zero_delta = 0, after_swap = 0;
    std::size_t same_best = 0;  ///< rows of the stitched text whose likeliest token is the exact one
};

class StitchedChat {
  public:
    /// A Qwen model (its chat format is used). Throws std::runtime_error when it cannot be loaded.
    explicit StitchedChat(const std::filesystem::path& model);
    /// `tokens`: of each branch at most.
    StitchFigures measure(const PointsQuestion& question, std::size_t tokens, std::size_t answer);

  private:
    std::vector<TokenId> encode(const std::string& text) const;
    void run();
    FinishedEvent generate(std::vector<TokenId> prompt, std::size_t tokens,
                           std::vector<MovedText> moved = {});
    std::vector<FinishedEvent> generate(const std::vector<std::vector<TokenId>>& prompts, std::size_t tokens);
    Logits rows(const Stitched& text, bool moved, const std::function<void(Task&)>& on_started = {});

    std::unique_ptr<Runtime> runtime_;
};

}  // namespace tendril::test
