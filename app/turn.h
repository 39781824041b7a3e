// SPDX-License-Identifier: Apache-2.0
// One turn while it waits and runs: its expansion, what of it is shown and journalled. Chat worker's thread
// only; owned by TurnRunner.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/context/answer_context.h"
#include "app/conversation_tree.h"
#include "app/expand/expansion.h"
#include "app/expand/inbox_port.h"
#include "app/journal.h"
#include "app/worker_link.h"

namespace tendril::app {

/// Borrows `link`. Its members are TurnRunner's; what the expansion tells goes through here.
class Turn final : public ExpansionObserver {
  public:
    Turn(WorkerLink& link, const ConversationId& shown) : link_(link), shown_(shown) {}

    std::uint64_t serial = 0;
    std::shared_ptr<ConversationTree> tree;
    MessageId reply = 0;
    bool resumed = false;
    bool normally = false;
    enum class Prepared : std::uint8_t {
        no,
        running,
        done
    } prepared = Prepared::no;                   ///< see TurnPreparation
    AnswerWindow window = {};                    ///< times: how often the context was full
    std::vector<engine::TokenId> before_window;  ///< read and drawn when it was full
    bool curve_asked = false;                    ///< what a step costs, just before it starts
    std::unique_ptr<InboxPort<EnginePort>> port;
    std::shared_ptr<PromptComposer> composer;  ///< of the model that it began with
    std::unique_ptr<Expansion> expansion;      ///< once it is started
    std::unique_ptr<ReplyJournal> journal;
    std::vector<engine::TokenId> prompt;  ///< of a normal answer
    engine::PrefillEvent prefill;
    std::uint32_t tokens = 0;
    std::uint32_t max_tokens = 0;
    bool any_text = false;  ///< there is something to see: text, or an outline
    Clock::time_point first_text;
    engine::SamplerSettings sampler;

    bool started() const { return expansion != nullptr; }
    storage::Message& message() const { return *tree->find(reply); }
    bool is_shown() const { return tree->conversation().id == shown_; }
    void tell_changed();
    /// All that is there of its points, to who has just opened the conversation.
    void tell_points() const;

    void on_prefill(const engine::PrefillEvent& progress) override { prefill = progress; }
    void on_route(const ExpansionState& state) override;
    void on_outline(const ExpansionState& state) override;
    void on_point_text(std::uint32_t point, const std::string& text, std::uint32_t count) override;
    void on_point_state(const ExpansionState& state) override;
    void on_text(const std::string& text, std::uint32_t count) override;

  private:
    void something_to_see();
    void tell_outline(const ExpansionState& state);

    WorkerLink& link_;
    const ConversationId& shown_;
    std::vector<std::string> point_texts_;  // empty: not in points
};

}  // namespace tendril::app
