// SPDX-License-Identifier: Apache-2.0
// Has the model name a conversation after its first answer: a fork of the conversation as it is cached, with
// a short hidden question at its end, never a prompt of its own. Only while nothing else is to be done, and
// never over a person's name. Chat worker's thread only; owned by ChatWorker's core.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "app/conversation_tree.h"
#include "app/engine_inbox.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

class TitleMaker {
  public:
    TitleMaker(WorkerLink& link, ModelKeeper& models);
    TitleMaker(const TitleMaker&) = delete;
    TitleMaker& operator=(const TitleMaker&) = delete;

    /// Told when a title is to be kept; never for a conversation that a person has named.
    std::function<void(const std::shared_ptr<ConversationTree>&, const std::string& title)> on_title;

    void answered(const std::shared_ptr<ConversationTree>& tree, const storage::Message& reply);
    void forget(ConversationId conversation);  ///< it is deleted
    void stop();  ///< a turn begins: it goes first, the title is asked for after it
    /// Nothing else is to be done now.
    void work();

  private:
    bool wanted(const ConversationTree& tree) const;
    void ask(const std::shared_ptr<ConversationTree>& tree);
    void drain(std::uint64_t serial);

    WorkerLink& link_;
    ModelKeeper& models_;
    std::shared_ptr<ConversationTree> waiting_;  // the newest conversation that wants a title
    std::shared_ptr<ConversationTree> asked_;    // the one that the model is naming now
    std::set<ConversationId> tried_;             // the model had no good name for these
    std::shared_ptr<EngineInbox> inbox_;
    std::string text_;
    engine::RequestId request_ = 0;
    std::uint64_t serial_ = 0;
};

}  // namespace tendril::app
