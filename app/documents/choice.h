// SPDX-License-Identifier: Apache-2.0
// How a document goes into the prompt when the person has not said so, and whether a draft with documents can
// be sent. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "app/context_events.h"
#include "engine/result.h"

namespace tendril::app {

struct ChoiceFacts {
    std::uint32_t context = 0;  ///< tokens of the model
    std::uint32_t taken =
        0;  ///< by the system prompt, the draft's other documents and the room for an answer
    double compress_rate = 0.5;  ///< share of the tokens that compressing keeps; 1: it is not to be had
};

/// Whole where it leaves half of the free context to the conversation; compressed where that does; else
/// searched.
storage::AttachmentChoice default_choice(std::uint32_t tokens, const ChoiceFacts& facts);

/// What a message's searched documents may take of a context, together.
std::uint32_t search_budget(std::uint32_t context);

/// Tokens of a document in the form of its choice, as far as that can be told before it is made.
std::uint32_t planned_tokens(std::uint32_t tokens, storage::AttachmentChoice choice,
                             const ChoiceFacts& facts);

/// Tokens that these documents, each in the form of its choice, take of a context together: those that are
/// searched share one budget.
std::uint32_t planned_tokens(std::span<const DraftDocument> documents);

/// Error in words that say what can be done when the documents (in their forms) with what else is `taken` do
/// not fit into the context. Nothing of the conversation before them counts: that can be left out.
Status fits(std::span<const DraftDocument> documents, const ChoiceFacts& facts);

}  // namespace tendril::app
