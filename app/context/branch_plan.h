// SPDX-License-Identifier: Apache-2.0
// From a branch as it is kept to the segments that the context planner looks at, and back to messages. Pure
// functions; chat worker's thread.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/composing.h"
#include "prompt/context/context_plan.h"

namespace tendril::app {

/// What says that a document goes with its message when that is shortened, the newest; it may be undone.
/// Null: nothing does.
const storage::Representation* left_out_form(std::span<const storage::Representation> all,
                                             DocumentId document);

/// `clean`: what is done to each text before a model reads it.
prompt::context::PlanRequest request_of(const ComposeRequest& request,
                                        const std::function<std::string(std::string_view)>& clean);

/// The messages of the branch that nothing stands for in the plan, ascending. Not those that a person
/// excluded.
std::vector<MessageId> left_out_of(const prompt::context::PlanRequest& request,
                                   const prompt::context::ContextPlan& plan);

}  // namespace tendril::app
