// SPDX-License-Identifier: Apache-2.0
// Makes the text that stands for a conversation's oldest messages: a summary by a fork of the conversation as
// it is cached, their text with words left out, or nothing but what must not be lost. What is no good is
// replaced, in words. Chat worker's thread only; owned by Compactor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/compress/compressions.h"
#include "app/context/note_kit.h"
#include "app/conversation_tree.h"
#include "app/engine_inbox.h"
#include "app/expand/branches.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

struct MemoryOrder {
    std::shared_ptr<ConversationTree> tree;
    prompt::context::PlanRequest request;    ///< of the branch
    prompt::context::Compaction compaction;  ///< of it
    std::optional<std::size_t> short_text;   ///< of the request's: the one that is read now
    std::string method;                      ///< WorkerSettings::memory_method
};

struct MemoryText {
    storage::Representation row;                     ///< without its id
    std::vector<storage::Representation> documents;  ///< that go as well; likewise
    WrittenPoint notes;                              ///< a summary where it was drawn; else empty
    std::uint32_t tokens_read = 0;                   ///< to write it, as far as a summary
    std::string fallback;  ///< why it was made otherwise than asked for, for a person; mostly empty
};

class MemoryWriter {
  public:
    using Done = std::function<void(Result<MemoryText>)>;
    using Progress = std::function<void(double)>;

    MemoryWriter(WorkerLink& link, ModelKeeper& models, Compressions& compressions, const NoteKit& kit);
    ~MemoryWriter();
    MemoryWriter(const MemoryWriter&) = delete;
    MemoryWriter& operator=(const MemoryWriter&) = delete;

    /// Calls back once, from the worker's mailbox, unless it is cancelled.
    void start(MemoryOrder order, Progress progress, Done done);
    /// What needs no model, for a person who waits: what stood for the oldest messages so far, and what must
    /// not be lost of the others.
    MemoryText at_once(MemoryOrder order);
    void cancel();  ///< what a model has written so far is gone on with when the same is asked for again
    void forget();  ///< that too
    bool running() const { return job_ != nullptr; }

  private:
    struct Job;
    /// What a cancelled fork had drawn.
    struct Partial {
        std::vector<engine::TokenId> prompt;
        std::vector<engine::TokenId> drawn;
        std::string text;
        bool complete = false;  // its last event has come
        prompt::context::Compaction compaction;
        std::int64_t last = 0;  // segment that it covers
    };

    void finish(Result<MemoryText> text);
    void begin(MemoryOrder order);
    void adopt_partial();
    bool ask_summary();
    void drain(std::uint64_t serial);
    void summarised(const EngineInbox::Contents& end);
    bool ask_excerpt();
    void excerpted(Result<prompt::Compressed> result);
    std::string transcript() const;
    void without_summary(const std::string& why);
    MemoryText text_of(storage::RepresentationForm form, std::string method, std::string text) const;
    std::vector<std::string> kept(std::size_t budget) const;

    WorkerLink& link_;
    ModelKeeper& models_;
    Compressions& compressions_;
    const NoteKit& kit_;
    std::unique_ptr<Job> job_;
    std::uint64_t serial_ = 0;
    std::shared_ptr<Partial> partial_;
};

}  // namespace tendril::app
