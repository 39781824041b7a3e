// SPDX-License-Identifier: Apache-2.0
// Where in the shown branch the model has something shorter than the text. Pure functions; chat worker's
// thread.
#pragma once

#include <optional>

#include "app/composing.h"
#include "app/conversation_tree.h"
#include "app/worker_events.h"

namespace tendril::app {

MemoryChange change_of(storage::RepresentationForm form);

/// What stands for the oldest messages of a branch when a model is not there to count: the newest that was
/// not undone. Null: nothing.
const storage::Representation* representation_on(const ConversationTree& tree);

/// `in_use`: of the branch's representations, the one that prompts are made with; none: as it would be.
/// `pruned`: what stands for the documents of the first message.
MemoryMarks memory_marks(const ConversationTree& tree, std::optional<storage::RepresentationId> in_use,
                         std::optional<storage::RepresentationId> pruned);

}  // namespace tendril::app
