// SPDX-License-Identifier: Apache-2.0
// Has the model read what the next prompt will certainly begin with: the conversation while it is looked at,
// the draft's finished words while they are typed. So little is left to read when the message is sent. Only
// ever work of low priority; chat worker's thread only; owned by ChatWorker's core.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app/conversation_tree.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

class ReadScores;

class ReadAhead {
  public:
    ReadScores* scores = nullptr;  ///< told what is read; set once, or never

    ReadAhead(WorkerLink& link, ModelKeeper& models);
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// Told what the model has read whole.
    std::function<void(const std::vector<engine::TokenId>&)> on_read;

    /// Another conversation is shown, or its branch, system prompt or privacy changed.
    void show(std::shared_ptr<ConversationTree> tree);
    void typed();      ///< the draft of the shown conversation changed; told at pauses in typing
    void refresh();    ///< what was read may be gone or made for another model: begin anew
    void cancelled();  ///< the engine has ended everything by itself: its model goes
    /// A turn begins: nothing is read ahead until rest().
    void stop();
    void rest();  ///< no turn is being made

    /// True when there is nothing to read and nothing being read.
    bool idle() const { return !running_ && !due_; }
    std::optional<Clock::time_point> due() const { return due_; }
    void tick(Clock::time_point now);

  private:
    using Tokens = std::vector<engine::TokenId>;
    struct Running {
        std::uint64_t serial = 0;
        engine::RequestId request = 0;
    };

    void read();
    void tell(const ContextCounted& now);
    void submit(Tokens tokens);
    void ended(std::uint64_t serial, const engine::Event& event);
    void cancel();
    bool allowed() const;
    void at(Clock::duration delay);

    WorkerLink& link_;
    ModelKeeper& models_;
    std::shared_ptr<ConversationTree> tree_;
    std::optional<Clock::time_point> due_;
    bool resting_ = true;
    std::optional<ContextCounted> counted_;  // as it was told
    Tokens asked_;                           // what was asked for last, and not cancelled
    std::optional<Running> running_;
    std::uint64_t serial_ = 0;
};

}  // namespace tendril::app
