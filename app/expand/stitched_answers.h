// SPDX-License-Identifier: Apache-2.0
// Answers that were put together from points and that the model has not read as one text yet: where each
// point's text stands in the cache, so that the next turn can take it from there. Chat worker's thread only;
// owned by TurnRunner.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "app/expand/branches.h"
#include "engine/engine.h"
#include "storage/chat_store.h"

namespace tendril::app {

/// The stretches of `prompt` from `from` on, up to `to`, that stand in the points too, token for token, in
/// their order. Short ones are not worth it.
std::vector<engine::MovedText> aligned_runs(std::span<const engine::TokenId> prompt, std::size_t from,
                                            std::size_t to, const std::vector<WrittenPoint>& points);

class StitchedAnswers {
  public:
    /// `prompt`: of a normal answer to the same question, in front of which the answer stands.
    void keep(storage::MessageId answer, std::vector<engine::TokenId> prompt,
              std::vector<WrittenPoint> points);
    /// What of `prompt`, that ends behind these messages, may be taken from elsewhere.
    std::vector<engine::MovedText> moved(const std::vector<BranchMessage>& branch,
                                         const std::vector<engine::TokenId>& prompt) const;
    /// These tokens are known exactly by now.
    void read(std::span<const engine::TokenId> tokens);
    void clear() { kept_.clear(); }  ///< another model, or an empty cache
    bool empty() const { return kept_.empty(); }

  private:
    struct Kept {
        storage::MessageId answer = 0;
        std::vector<engine::TokenId> prompt;
        std::vector<WrittenPoint> points;
    };
    std::deque<Kept> kept_;  // the newest last
};

}  // namespace tendril::app
