// SPDX-License-Identifier: Apache-2.0
// An expansion's engine whose events wait in an inbox for the thread that runs the expansion. submit() and
// cancel() on that thread; owned by it.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "app/expand/event_inbox.h"
#include "app/expand/expansion_port.h"

namespace tendril::app {

/// `Engine`: engine::Engine or EnginePort.
template <typename Engine>
class InboxPort final : public ExpansionPort {
  public:
    /// `wake` is called on the engine's thread when the inbox was empty before.
    InboxPort(Engine& engine, std::function<void()> wake)
        : engine_(engine), inbox_(std::make_shared<EventInbox>(std::move(wake))) {}

    engine::RequestId submit(engine::GenerateRequest request) override {
        return engine_.submit(std::move(request), sink());
    }
    engine::RequestId submit(engine::ChooseRequest request) override {
        return engine_.submit(std::move(request), sink());
    }
    void cancel(engine::RequestId request) override { engine_.cancel(request); }
    std::vector<EventInbox::Entry> take() { return inbox_->take(); }

  private:
    engine::EventSink sink() {
        return
            [inbox = inbox_](engine::RequestId id, engine::Event event) { inbox->put(id, std::move(event)); };
    }

    Engine& engine_;
    std::shared_ptr<EventInbox> inbox_;
};

}  // namespace tendril::app
