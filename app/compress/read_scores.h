// SPDX-License-Identifier: Apache-2.0
// Has what is read in the background anyway tell how surprising it was, where a method that is chosen will
// ask for that: then no text is read a second time to be scored. Costs the model's head for each token, so
// never in a person's own turn. Chat worker's thread only; owned by ChatWorker's core.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/compress/compressions.h"
#include "app/conversation_tree.h"
#include "app/model_keeper.h"
#include "app/worker_link.h"

namespace tendril::app {

class ReadScores {
  public:
    /// To be told the request's events, also those of a request that was cancelled.
    using Take = std::function<void(const engine::Event&)>;

    ReadScores(WorkerLink& link, ModelKeeper& models, Compressions& compressions)
        : link_(link), models_(models), compressions_(compressions) {}

    /// Makes a request that reads a prompt of `tree` ask for losses when something in it may have to be
    /// scored by the loaded model and is not known yet. Null: it does not.
    Take ask(engine::PrefillRequest& request, const ConversationTree& tree) const;

  private:
    std::vector<std::string> wanted(const ConversationTree& tree) const;

    WorkerLink& link_;
    ModelKeeper& models_;
    Compressions& compressions_;
};

}  // namespace tendril::app
