// SPDX-License-Identifier: Apache-2.0
// Where the engine's events for several requests wait for the thread that asked. Bounded by the number of
// requests: texts of one request are joined, of its progress only the newest is kept. put() on the engine's
// thread, take() on the asking one; shared by both.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "engine/engine.h"

namespace tendril::app {

class EventInbox {
  public:
    using Entry = std::pair<engine::RequestId, engine::Event>;

    /// `wake` is called on the engine's thread when the inbox was empty before.
    explicit EventInbox(std::function<void()> wake) : wake_(std::move(wake)) {}

    void put(engine::RequestId request, engine::Event event) {
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            first = entries_.empty();
            if (!join(request, event)) {
                entries_.emplace_back(request, std::move(event));
            }
        }
        if (first) {
            wake_();
        }
    }
    /// In the order in which they came, as far as events of one request go.
    std::vector<Entry> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(entries_, {});
    }

  private:
    bool join(engine::RequestId request, engine::Event& event) {
        for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
            if (it->first != request) {
                continue;
            }
            if (auto* text = std::get_if<engine::TextEvent>(&event)) {
                auto* last = std::get_if<engine::TextEvent>(&it->second);
                if (last != nullptr) {
                    last->text += text->text;
                    last->tokens += text->tokens;
                }
                return last != nullptr;
            }
            if (std::holds_alternative<engine::PrefillEvent>(event) &&
                std::holds_alternative<engine::PrefillEvent>(it->second)) {
                it->second = std::move(event);
                return true;
            }
            return false;
        }
        return false;
    }

    std::function<void()> wake_;
    std::mutex mutex_;
    std::vector<Entry> entries_;
};

}  // namespace tendril::app
