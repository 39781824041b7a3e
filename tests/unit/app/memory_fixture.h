// SPDX-License-Identifier: Apache-2.0
// A worker with a conversation that is nearly as long as its context, over a fake engine. Test thread.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/app/worker_fixture.h"

namespace tendril::test {

inline constexpr const char* kGood =
    "The olive trees need water in summer. Almond trees bloom in February, before their leaves come.";

/// A conversation that is nearly as long as its context.
struct MemoryFixture : WorkerFixture {
    int turns = 0;
    std::string last_prompt;

    MemoryFixture() { engine.model.context = 4000; }

    std::string question(int number) const {
        return "Question " + std::to_string(number) + " about the olive trees and almond trees?";
    }
    std::string answer(int number) const {
        return "Answer " + std::to_string(number) +
               ": olive trees need water in summer, and almond trees bloom in February before the leaves "
               "come.";
    }
    /// A turn; gives the first news of the memory behind it.
    app::MemoryWork turn_and_memory() {
        worker->send(question(turns));
        last_prompt = engine.take_request();
        engine.say(answer(turns));
        engine.finish();
        ++turns;
        events.wait<app::TurnEnded>();
        return events.wait<app::MemoryWork>();
    }
    /// Turns until the memory is being shortened.
    void fill() {
        while (!turn_and_memory().running) {
            if (turns > 60) {
                throw std::runtime_error("the memory is never shortened");
            }
        }
    }
    app::MemoryMarks rest() {
        const auto marks = events.wait<app::MemoryMarks>([](const auto& e) { return !e.marks.empty(); });
        events.wait<app::MemoryWork>([](const auto& e) { return !e.running; });
        return marks;
    }
    /// The whole way to a shortened conversation.
    app::MemoryMark shortened() {
        fill();
        engine.take_request();
        engine.say(kGood);
        engine.finish();
        return rest().marks.at(0);
    }
    /// The prompt of the next question, which is answered.
    std::string next_prompt() {
        turn_and_memory();
        return last_prompt;
    }
    std::vector<storage::Representation> stored() { return second_connection()->representations(1).value(); }
};

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace tendril::test
