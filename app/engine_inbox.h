// SPDX-License-Identifier: Apache-2.0
// Where the engine's events for one request wait for the chat worker. Bounded: texts are joined, of progress
// only the newest is kept. Filled on the engine's thread, emptied on the worker's; shared by both.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>

#include "engine/engine.h"

namespace tendril::app {

class EngineInbox {
  public:
    struct Contents {
        std::optional<engine::PrefillEvent> prefill;
        std::string text;
        std::uint32_t tokens = 0;
        std::optional<engine::FinishedEvent> finished;
        std::optional<engine::ChosenEvent> chosen;
        std::optional<Error> error;
        bool ended() const { return finished.has_value() || chosen.has_value() || error.has_value(); }
    };

    /// `wake` is called on the engine's thread when the inbox was empty before.
    explicit EngineInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

    void put(engine::Event event) {
        bool first = false;
        std::function<void(Contents)> left;
        Contents rest;
        {
            const std::lock_guard lock(mutex_);
            first = !filled_;
            filled_ = true;
            std::visit([this](auto&& one) { store(std::forward<decltype(one)>(one)); }, std::move(event));
            if (left_ && contents_.ended()) {
                left = std::exchange(left_, nullptr);
                rest = std::exchange(contents_, {});
            }
        }
        if (left) {
            left(std::move(rest));
        } else if (first) {
            wake_();
        }
    }
    Contents take() {
        const std::lock_guard lock(mutex_);
        filled_ = false;
        return std::exchange(contents_, {});
    }

    /// Nobody takes from here any more: when the request ends, `last` gets what was not taken, on the
    /// engine's thread or on this one.
    void leave(std::function<void(Contents)> last) {
        Contents rest;
        {
            const std::lock_guard lock(mutex_);
            if (!contents_.ended()) {
                left_ = std::move(last);
                return;
            }
            rest = std::exchange(contents_, {});
        }
        last(std::move(rest));
    }

  private:
    void store(engine::PrefillEvent event) { contents_.prefill = event; }
    void store(const engine::TextEvent& event) {
        contents_.text += event.text;
        contents_.tokens += event.tokens;
    }
    void store(engine::FinishedEvent event) { contents_.finished = std::move(event); }
    void store(engine::ChosenEvent event) { contents_.chosen = std::move(event); }
    void store(Error error) { contents_.error = std::move(error); }
    // Not a template for "all others": it would take the events above whenever it fits them better.
    void store(const engine::PrefilledEvent&) { store_unasked(); }
    void store(const engine::ScoredEvent&) { store_unasked(); }
    void store(const engine::EmbeddedEvent&) { store_unasked(); }
    void store(const engine::PrunedEvent&) { store_unasked(); }
    void store(const engine::BenchEvent&) { store_unasked(); }
    void store_unasked() {
        contents_.error =
            Error{ErrorCode::internal, "The engine gave an answer of another kind than asked for.", {}};
    }

    std::function<void()> wake_;
    std::function<void(Contents)> left_;
    std::mutex mutex_;
    bool filled_ = false;
    Contents contents_;
};

}  // namespace tendril::app
