// SPDX-License-Identifier: Apache-2.0
// Turns the worker's values into what the window shows. GUI thread; pure functions.
#pragma once

#include "app/chat_types.h"
#include "app/settings.h"
#include "app/worker_events.h"
#include "app/worker_link.h"

namespace tendril::app {

ConversationItem to_item(const storage::Conversation& conversation);
MessageItem to_item(const ShownMessage& shown);
ExpansionItem to_item(const ExpansionState& state);
OpenedConversation to_opened(const ConversationShown& shown);
ModelItem to_item(const DescribedModel& model);
ModelState to_state(const ModelStatus& status);
TurnStatus to_status(const TurnChanged& turn);
CacheStatus to_status(const CacheChanged& cache);
SearchResult to_result(const storage::SearchHit& hit);
storage::AnswerMode to_stored(AnswerMode mode);
WorkerSettings to_worker_settings(const Settings& settings);

}  // namespace tendril::app
