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
ContextPlanItem to_plan(const ContextCounted& counted);
AttachmentItem to_item(const DraftDocument& document);
MemoryMarkItem to_item(const MemoryMark& mark);
MemoryWorkItem to_item(const MemoryWork& work);
SearchResult to_result(const storage::SearchHit& hit);
storage::AnswerMode to_stored(AnswerMode mode);
storage::AttachmentChoice to_stored(AttachmentChoice choice);
storage::MessageMemory to_stored(MessageMemory memory);
WorkerSettings to_worker_settings(const Settings& settings);

}  // namespace tendril::app
