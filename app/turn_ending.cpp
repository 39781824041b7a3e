// SPDX-License-Identifier: Apache-2.0
// TurnRunner: how an answer ends, or goes on where it fills the context. Chat worker's thread only.
#include <string>
#include <tuple>
#include <utility>

#include <spdlog/logger.h>

#include "app/context/answer_window.h"
#include "app/turn_records.h"
#include "app/turn_runner.h"

namespace tendril::app {

using storage::Message;
using storage::MessageStatus;

/// The context is full: the answer goes on without the oldest of what stands in front of it, rather than end
/// in the middle. Not one that says the same again and again.
bool TurnRunner::goes_on(const Turn& turn, const ExpansionResult& result) const {
    const bool full = !result.state.skeleton && result.ending == ExpansionResult::Ending::complete &&
                      result.finished && result.finished->reason == engine::StopReason::context_full;
    return full && link_.settings.shorten_memory && models_.ready() && !result.finished->tokens.empty() &&
           turn.tokens < kLongestAnswer * models_.model().context && !in_circles(turn.message().text);
}

void TurnRunner::go_on(Turn& turn, const engine::FinishedEvent& full) {
    Message& reply = turn.message();
    if (turn.window.times == 0) {
        add_counters(reply.counters, full);
    } else {
        add_window(reply.counters, full);
    }
    turn.window.times += 1;
    turn.window.tokens_before = static_cast<std::uint32_t>(turn.prompt.size() + full.tokens.size());
    turn.before_window = std::move(turn.prompt);
    turn.before_window.insert(turn.before_window.end(), full.tokens.begin(), full.tokens.end());
    link_.log->info("context full: message {} goes on, time {}", reply.id, turn.window.times);
    start(turn);
    if (on_window && !turns_.empty() && turns_.front().get() == &turn) {
        on_window(turn.tree);
    }
}

void TurnRunner::ended(ExpansionResult result) {
    using Ending = ExpansionResult::Ending;
    Turn& turn = *turns_.front();
    if (goes_on(turn, result)) {
        go_on(turn, *result.finished);
        return;
    }
    Message& reply = turn.message();
    if (!turn.resumed && !reply.expansion.empty()) {
        reply.expansion = to_json(result.state);
    }
    if (result.error) {
        link_.log->warn("turn failed: {} ({})", result.error->message, result.error->detail);
    }
    MessageStatus status = MessageStatus::failed;
    std::string words = result.error ? result.error->message : std::string();
    if (result.ending == Ending::cancelled) {
        status = MessageStatus::interrupted;
        words.clear();
    } else if (result.state.skeleton && result.ending == Ending::complete) {
        // Where a point failed, the answer can be continued behind the others.
        status = result.error ? MessageStatus::interrupted : MessageStatus::complete;
    } else if (result.finished) {
        std::tie(status, words) = outcome(*result.finished, turn.max_tokens, models_.status().context);
    }
    if (result.state.skeleton) {
        reply.text = std::move(result.text);
        stitched_.keep(reply.id, std::move(turn.prompt), std::move(result.written));
    }
    end(status, std::move(words), result.finished);
}

}  // namespace tendril::app
