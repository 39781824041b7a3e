// SPDX-License-Identifier: Apache-2.0
// What has to be there before a question's prompt can be composed: its documents compressed or searched. Chat
// worker's thread only.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "app/conversation_tree.h"
#include "engine/result.h"

namespace tendril::app {

class TurnPreparation {
  public:
    virtual ~TurnPreparation() = default;
    /// Tells `done` once, at once or later; an error ends the turn in its words.
    virtual void prepare(const std::shared_ptr<ConversationTree>& tree, MessageId question,
                         std::function<void(const Status&)> done) = 0;
    /// The turn is no longer wanted: `done` is not told. What is half made is kept where it is of use later.
    virtual void cancel(MessageId question) = 0;
    /// The places that an answer to this question is made with; once it is prepared.
    virtual std::vector<Source> sources(const ConversationTree& tree, MessageId question) = 0;
};

}  // namespace tendril::app
