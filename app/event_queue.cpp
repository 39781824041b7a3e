// SPDX-License-Identifier: Apache-2.0
// EventQueue.
#include "app/event_queue.h"

#include <iterator>
#include <utility>

namespace tendril::app {

namespace {

/// Both tell all there is to know about the same thing, so the newer one says everything.
bool same_subject(const WorkerEvent& a, const WorkerEvent& b) {
    if (const auto* documents = std::get_if<DraftDocuments>(&a)) {
        return documents->conversation == std::get<DraftDocuments>(b).conversation;
    }
    if (const auto* marks = std::get_if<MemoryMarks>(&a)) {
        return marks->conversation == std::get<MemoryMarks>(b).conversation;
    }
    if (const auto* work = std::get_if<MemoryWork>(&a)) {
        return work->conversation == std::get<MemoryWork>(b).conversation;
    }
    return false;
}

}  // namespace

EventQueue::EventQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

bool EventQueue::join(WorkerEvent& event) {
    // Only what is at the end may be joined, past progress: order between texts and other news is kept.
    for (auto it = events_.rbegin(); it != events_.rend(); ++it) {
        if (auto* progress = std::get_if<TurnChanged>(&event)) {
            auto* last = std::get_if<TurnChanged>(&*it);
            if (last != nullptr && last->message == progress->message &&
                last->generating == progress->generating) {
                *last = *progress;
                return true;
            }
            if (std::holds_alternative<ReplyText>(*it) || std::holds_alternative<PointText>(*it)) {
                continue;
            }
        } else if (auto* text = std::get_if<ReplyText>(&event)) {
            auto* last = std::get_if<ReplyText>(&*it);
            if (last != nullptr && last->message == text->message) {
                last->text += text->text;
                return true;
            }
            if (std::holds_alternative<TurnChanged>(*it)) {
                continue;
            }
        } else if (auto* piece = std::get_if<PointText>(&event)) {
            auto* last = std::get_if<PointText>(&*it);
            if (last != nullptr && last->message == piece->message && last->point == piece->point) {
                last->text += piece->text;
                return true;
            }
            if (last != nullptr || std::holds_alternative<TurnChanged>(*it) ||
                std::holds_alternative<OutlineShown>(*it)) {
                continue;  // points grow side by side
            }
        } else if (auto* outline = std::get_if<OutlineShown>(&event)) {
            auto* last = std::get_if<OutlineShown>(&*it);
            if (last != nullptr && last->message == outline->message &&
                last->expansion.skeleton == outline->expansion.skeleton) {
                *last = std::move(*outline);
                return true;
            }
            if (std::holds_alternative<PointText>(*it) || std::holds_alternative<TurnChanged>(*it)) {
                continue;
            }
        } else if (auto* model = std::get_if<ModelChanged>(&event)) {
            auto* last = std::get_if<ModelChanged>(&*it);
            if (last != nullptr && last->status.phase == model->status.phase &&
                last->status.path == model->status.path) {
                *last = std::move(*model);
                return true;
            }
        }
        if (event.index() == it->index() &&
            (std::holds_alternative<ContextCounted>(event) || same_subject(*it, event) ||
             (std::holds_alternative<CacheChanged>(event) && !std::get<CacheChanged>(*it).cleared))) {
            *it = std::move(event);
            return true;
        }
        return false;
    }
    return false;
}

void EventQueue::push(WorkerEvent event) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            return;
        }
        first = events_.empty();
        if (!join(event)) {
            events_.push_back(std::move(event));
        }
    }
    filled_.notify_one();
    if (first && wake_) {
        wake_();
    }
}

std::vector<WorkerEvent> EventQueue::take() {
    const std::lock_guard lock(mutex_);
    std::vector<WorkerEvent> all(std::make_move_iterator(events_.begin()),
                                 std::make_move_iterator(events_.end()));
    events_.clear();
    return all;
}

std::vector<WorkerEvent> EventQueue::wait(std::optional<Clock::time_point> until) {
    {
        std::unique_lock lock(mutex_);
        const auto ready = [this] { return !events_.empty() || closed_ || woken_; };
        if (until) {
            filled_.wait_until(lock, *until, ready);
        } else {
            filled_.wait(lock, ready);
        }
        woken_ = false;
    }
    return take();
}

void EventQueue::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    filled_.notify_all();
}

void EventQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    filled_.notify_all();
}

}  // namespace tendril::app
