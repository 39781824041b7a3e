// SPDX-License-Identifier: Apache-2.0
// After a conversation was shortened: where what stays of it lies in the cache, behind the full text that
// went, until the model has read it behind the new one. So the next question waits for its own tokens only.
// Chat worker's thread only; owned by Compactor.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "app/expand/stitched_answers.h"
#include "engine/engine.h"
#include "storage/chat_store.h"

namespace tendril::app {

class MovedMemory {
  public:
    struct Kept {
        storage::ConversationId conversation = 0;
        std::vector<engine::TokenId> before;     ///< the conversation with the full text
        WrittenPoint notes;                      ///< a model's summary where it was drawn; may be empty
        std::vector<engine::TokenId> beginning;  ///< of all prompts from now on
    };

    void keep(Kept kept);
    /// A turn of this conversation begins. From the second on, if nothing could be read in between, each one
    /// reads a part of what is moved itself, so that what was said since is not read again and again.
    void turn(storage::ConversationId conversation);
    /// What of a prompt of this conversation may be taken from elsewhere.
    std::vector<engine::MovedText> moved(storage::ConversationId conversation,
                                         std::span<const engine::TokenId> prompt) const;
    /// These tokens are known exactly by now.
    void read(std::span<const engine::TokenId> tokens);
    void clear() { kept_.reset(); }  ///< another model, or an empty cache
    /// What is still to be read; null: nothing.
    const Kept* waiting() const { return kept_ ? &*kept_ : nullptr; }

  private:
    void leave_to_read(std::vector<engine::MovedText>& runs) const;

    std::optional<Kept> kept_;
    std::size_t turns_ = 0;  // since it was kept
};

}  // namespace tendril::app
