// SPDX-License-Identifier: Apache-2.0
// What the context would hold if the draft were sent now, and what would become shorter by that. Pure but for
// the composer's counts; chat worker's thread.
#pragma once

#include <vector>

#include "app/composing.h"
#include "app/conversation_tree.h"
#include "app/worker_events.h"

namespace tendril::app {

struct Forecast {
    ContextShares shares;
    std::vector<PlannedChange> if_sent;
};

/// `request`: of the branch up to its end, with `draft` (none: a null message) behind it. What the newest
/// answer was made without already is no change.
Forecast forecast(const PromptComposer& composer, const ConversationTree& tree, ComposeRequest request,
                  const BranchMessage& draft, const WorkerSettings& settings);

}  // namespace tendril::app
