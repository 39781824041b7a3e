// SPDX-License-Identifier: Apache-2.0
// Runs turns, one at a time and in order: composes the prompt, asks the engine, shows and journals the
// answer, closes its row. Chat worker's thread only; owned by ChatWorker's core.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "app/conversation_tree.h"
#include "app/documents/turn_preparation.h"
#include "app/expand/stitched_answers.h"
#include "app/model_keeper.h"
#include "app/turn.h"
#include "app/worker_link.h"

namespace tendril::app {

class TurnRunner {
  public:
    TurnRunner(WorkerLink& link, ModelKeeper& models);
    ~TurnRunner();
    TurnRunner(const TurnRunner&) = delete;
    TurnRunner& operator=(const TurnRunner&) = delete;

    TurnPreparation* preparation = nullptr;  ///< of each turn; none: there is nothing to prepare
    std::function<void()> on_begin;          ///< told before a turn is given to the engine
    /// Told when the engine begins an answer, just before, and when it has ended it: until then whoever
    /// else would take the cores waits. A turn that waits for its documents or for a model writes nothing.
    std::function<void(bool)> on_writing;
    /// Told when an answer has ended, well or not.
    std::function<void(const std::shared_ptr<ConversationTree>&, const storage::Message& reply)> on_end;

    /// Told when an answer has filled the context and goes on without the middle of what stands in front.
    std::function<void(const std::shared_ptr<ConversationTree>&)> on_window;
    /// What of a conversation's prompt may be taken from elsewhere, as its memory was shortened; may be
    /// empty.
    std::function<std::vector<engine::MovedText>(ConversationId, std::span<const engine::TokenId>)>
        moved_memory;
    /// Told right before a question is answered: what the model reads may still become shorter.
    std::function<void(const std::shared_ptr<ConversationTree>&, MessageId)> make_room;

    /// Events about messages are told for this conversation only.
    void show(ConversationId conversation) { shown_ = conversation; }
    /// Tells again what there is of the points that grow in the shown conversation.
    void tell_points() const;
    /// The model has read this exactly by now.
    void has_read(std::span<const engine::TokenId> tokens) { stitched_.read(tokens); }
    void cache_cleared() { stitched_.clear(); }

    /// A new answer to `question`, as the end of the branch. Its row is begun before this returns; an error
    /// means that it is not. `normally`: as one text, whatever the conversation's mode is.
    Status begin(const std::shared_ptr<ConversationTree>& tree, MessageId question, bool normally = false);
    /// Goes on with an answer that was interrupted.
    Status resume(const std::shared_ptr<ConversationTree>& tree, MessageId reply);
    void stop(ConversationId conversation);
    void model_changed();  ///< starts the turns that waited for it, or ends them in words
    void hash_known();     ///< fills in the answers that were finished before

    bool busy() const { return !turns_.empty(); }
    bool busy(ConversationId conversation) const;
    bool waiting(MessageId reply) const;  ///< has no text of this run yet

    std::optional<Clock::time_point> due() const;
    void tick(Clock::time_point now);
    /// The end of the program: what there is of answers is written and marked interrupted.
    void finish_all();

  private:
    void start_next();
    void prepare(Turn& turn);
    void start(Turn& turn);
    Result<ExpansionRequest> request_of(Turn& turn);
    void drain(std::uint64_t serial);
    void ended(ExpansionResult result);
    bool goes_on(const Turn& turn, const ExpansionResult& result) const;
    void go_on(Turn& turn, const engine::FinishedEvent& full);
    void end(storage::MessageStatus status, std::string error,
             const std::optional<engine::FinishedEvent>& finished);
    void tell_progress(const Turn& turn, bool generating);
    void enqueue(std::unique_ptr<Turn> turn);
    void ask_curve();
    void curve_came(std::uint64_t serial, const std::vector<engine::CurvePoint>& curve);
    void journal_failed(const Error& error);

    WorkerLink& link_;
    ModelKeeper& models_;
    std::unique_ptr<SkeletonKit> kit_;  // null: all answers are normal
    std::vector<engine::CurvePoint> curve_;
    bool curve_awaited_ = false;
    std::uint64_t curve_serial_ = 0;  // answers about an earlier model are ignored
    StitchedAnswers stitched_;
    ConversationId shown_ = 0;
    std::uint64_t serial_ = 0;
    std::deque<std::unique_ptr<Turn>> turns_;           // the first one runs, once started
    std::list<std::unique_ptr<ReplyJournal>> unsaved_;  // ended, but the disk did not take their end yet
    std::vector<storage::Message> without_hash_;        // finished before their model's hash was known
};

}  // namespace tendril::app
