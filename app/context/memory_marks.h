// SPDX-License-Identifier: Apache-2.0
// Where in the shown branch the model has something shorter than the text. Pure functions; chat worker's
// thread.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "app/composing.h"
#include "app/conversation_tree.h"
#include "app/worker_events.h"

namespace tendril::app {

MemoryChange change_of(storage::RepresentationForm form);

/// What stands for the oldest messages of a branch when a model is not there to count: the newest that was
/// not undone. Null: nothing.
const storage::Representation* representation_on(const ConversationTree& tree);

/// What prompts of a branch are made with.
struct MemoryInUse {
    std::optional<storage::RepresentationId> text;    ///< for the oldest messages
    std::optional<storage::RepresentationId> pruned;  ///< for the documents of the first one
    std::vector<DocumentId> gone;  ///< are not read, though what stands for their messages is
};

/// `tokens`: of a text.
MemoryMarks memory_marks(const ConversationTree& tree, const MemoryInUse& in_use,
                         const std::function<std::size_t(std::string_view)>& tokens);

}  // namespace tendril::app
