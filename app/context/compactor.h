// SPDX-License-Identifier: Apache-2.0
// Shortens what the model has of a conversation: at a turn's end, while nothing else is to be done, in big
// steps, and reversibly. The text that a person sees never changes. A person's turn goes first: what runs is
// broken off and nothing has changed. Chat worker's thread only; owned by ChatWorker's core.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/context/memory_writer.h"
#include "app/context/moved_memory.h"
#include "app/context/note_kit.h"
#include "app/conversation_tree.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

class ReadScores;

class Compactor {
  public:
    ReadScores* scores = nullptr;  ///< told what is read; set once, or never

    Compactor(WorkerLink& link, ModelKeeper& models, Compressions& compressions);
    ~Compactor();
    Compactor(const Compactor&) = delete;
    Compactor& operator=(const Compactor&) = delete;

    /// Told when the model reads something else of a conversation from now on.
    std::function<void(const std::shared_ptr<ConversationTree>&)> on_changed;
    /// Told what the model has read whole.
    std::function<void(const std::vector<engine::TokenId>&)> on_read;

    /// A turn has ended, or the conversation is looked at: it may be time.
    void consider(const std::shared_ptr<ConversationTree>& tree);
    /// A person wants it now; says so when there is nothing to shorten.
    void shorten_now(const std::shared_ptr<ConversationTree>& tree);
    /// Right before a question is answered: what does not fit with it goes in one big step, with no model
    /// asked.
    void make_room(const std::shared_ptr<ConversationTree>& tree, MessageId question);
    void cancel();  ///< by a person: not tried again before the next turn has ended
    void stop();    ///< a turn begins: it goes first, the work is done after it
    /// What of the conversation is read was changed by a person: what runs would be about another text.
    void changed(const std::shared_ptr<ConversationTree>& tree);
    void forget(ConversationId conversation);  ///< it is deleted
    void model_changed();
    void cache_cleared() { moved_.clear(); }
    void has_read(std::span<const engine::TokenId> tokens) { moved_.read(tokens); }
    /// Nothing else is to be done now.
    void work();
    bool idle() const { return !job_; }

    /// What of a prompt need not be read behind a shortened memory, as it was read behind the full one.
    std::vector<engine::MovedText> moved(ConversationId conversation,
                                         std::span<const engine::TokenId> prompt) const {
        return moved_.moved(conversation, prompt);
    }

  private:
    struct Job {
        std::shared_ptr<ConversationTree> tree;
        bool now = false;               // a person asked for it
        engine::RequestId reading = 0;  // 0: not yet
        std::uint64_t serial = 0;
        std::vector<engine::TokenId> tokens;  // that are read
        std::uint32_t read = 0;               // how many were, so far
    };
    using Tree = std::shared_ptr<ConversationTree>;

    void begin(const Tree& tree, bool now);
    void made(Result<MemoryText> text);
    void keep(MemoryText text);
    bool store(const Tree& tree, MemoryText text);
    void read(std::vector<engine::TokenId> tokens);
    void read_ended(std::uint64_t serial, const engine::Event& event);
    std::optional<std::vector<engine::TokenId>> beginning_of(const ConversationTree& tree);
    void tell(const ConversationTree& tree, std::string what, double progress);
    void end(std::string said = {});

    WorkerLink& link_;
    ModelKeeper& models_;
    std::unique_ptr<NoteKit> kit_;  // null: nothing is shortened
    std::unique_ptr<MemoryWriter> writer_;
    MovedMemory moved_;
    Tree waiting_;      // the newest conversation that may have to be shortened
    bool now_ = false;  // a person asked for it
    std::optional<Job> job_;
    std::uint64_t serial_ = 0;
};

}  // namespace tendril::app
