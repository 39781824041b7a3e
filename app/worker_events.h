// SPDX-License-Identifier: Apache-2.0
// What the chat worker tells: small immutable values, made on the worker's thread, handed to one sink. No Qt,
// so that the window and the command line hear the same things.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/context_events.h"
#include "app/expand/expansion_state.h"
#include "engine/engine.h"
#include "storage/chat_store.h"

namespace tendril::app {

/// A message of the branch that is shown, with its place among its siblings.
struct ShownMessage {
    storage::Message message;
    bool waiting = false;  ///< no text yet: the model is being loaded, another answer is being written, or
                           ///< the prompt is being read
    int version = 1;       ///< from 1
    int versions = 1;
    bool left_out = false;                      ///< the model did not read it for the newest answer
    std::vector<DraftDocument> documents = {};  ///< that it came with
    std::vector<Source> sources = {};           ///< that the answer was made with
};

struct ConversationsListed {
    std::vector<storage::Conversation> conversations;  ///< newest first, without the trash
};
/// A conversation was opened, or its branch changed (another version, an edit).
struct ConversationShown {
    storage::Conversation conversation;
    std::vector<ShownMessage> messages;
};
struct ConversationTrashed {
    ConversationId conversation = 0;
    std::string title;
};
/// The message is in the database by now (a user message: durable). At the end of the branch that is shown.
struct MessageAdded {
    ConversationId conversation = 0;
    ShownMessage message;
};
struct MessageChanged {
    ConversationId conversation = 0;
    ShownMessage message;
};
struct ReplyText {
    ConversationId conversation = 0;
    MessageId message = 0;
    std::string text;  ///< valid UTF-8, to be added at the end
};
/// How an answer that may grow in points came to be so, and how its points stand; told when anything of it
/// but their texts has changed. With points: they stand in the place of the message's text until
/// MessageChanged brings that.
struct OutlineShown {
    ConversationId conversation = 0;
    MessageId message = 0;
    ExpansionState expansion;
};
struct PointText {
    ConversationId conversation = 0;
    MessageId message = 0;
    std::uint32_t point = 0;  ///< from 0
    std::string text;         ///< valid UTF-8, to be added at the point's end
};
/// Which messages of the shown branch the newest answer was made without.
struct LeftOutChanged {
    ConversationId conversation = 0;
    std::vector<MessageId> messages;
};
struct SearchFinished {
    std::string words;
    std::vector<storage::SearchHit> hits;
};

enum class ModelPhase : std::uint8_t { none, loading, ready, failed };
struct ModelStatus {
    ModelPhase phase = ModelPhase::none;
    std::filesystem::path path;
    std::string name;        ///< of the file, without its suffix
    std::string given_name;  ///< by the file's metadata, once loaded; may be empty or strange
    double progress = 0;     ///< 0 to 1 while loading
    std::string device;
    std::uint32_t context = 0;  ///< tokens
    std::string text;           ///< the error when failed; warnings when ready
};
struct ModelChanged {
    ModelStatus status;
};
struct DescribedModel {
    std::filesystem::path path;
    engine::ModelDescription description;
    std::uint64_t file_bytes = 0;
    std::uint64_t needed_bytes = 0;     ///< at the context in the settings
    std::uint64_t available_bytes = 0;  ///< free now, with what the loaded model would give back
    std::string error;                  ///< empty = usable
};
struct ModelsDescribed {
    std::vector<DescribedModel> models;
};

struct TurnChanged {
    bool generating = false;
    MessageId message = 0;
    engine::PrefillEvent prefill;
    double tokens_per_second = 0;
    std::uint32_t context_used = 0;
    std::uint32_t context_limit = 0;
};
/// How much of the context the conversation with its draft fills, before it is sent.
struct ContextCounted {
    ConversationId conversation = 0;
    std::uint32_t used = 0;  ///< tokens
    std::uint32_t limit = 0;
    ContextShares shares = {};  ///< limit 0: not known
    std::vector<PlannedChange> if_sent = {};
    bool operator==(const ContextCounted&) const = default;
};
struct CacheChanged {
    engine::CacheState state;
    bool cleared = false;  ///< this answers a wish to clear it
};
/// The last word on an answer, for programs; the window reads MessageChanged.
struct TurnEnded {
    ConversationId conversation = 0;
    storage::Message message;
    std::optional<engine::FinishedEvent> finished;  ///< absent when it failed
};
struct Notice {
    std::string text;
    bool about_file = false;          ///< said when the database was opened, before any command is done
    ConversationId conversation = 0;  ///< that it is about; 0: about none
};
/// The database cannot be used and nothing else will come.
struct WorkerEnded {
    std::string error;
};
struct Exported {
    std::filesystem::path file;
    std::string error;  ///< empty = done
};

using WorkerEvent =
    std::variant<ConversationsListed, ConversationShown, ConversationTrashed, MessageAdded, MessageChanged,
                 ReplyText, OutlineShown, PointText, LeftOutChanged, SearchFinished, ModelChanged,
                 ModelsDescribed, TurnChanged, ContextCounted, CacheChanged, DraftDocuments, MemoryMarks,
                 MemoryWork, TurnEnded, Notice, Exported, WorkerEnded>;

}  // namespace tendril::app
