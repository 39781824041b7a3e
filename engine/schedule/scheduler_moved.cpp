// SPDX-License-Identifier: Apache-2.0
// Stretches of a prompt that were read elsewhere: their pages are looked for when a task begins, held, and
// put behind the view's end when it has reached their place. What stands behind them is approximate and never
// kept (KvCache::keep).
#include <algorithm>
#include <utility>

#include "engine/schedule/scheduler.h"

namespace tendril::engine {

/// The task's view holds what is known exactly of its text.
void Scheduler::begin(Task& task) {
    find_stretches(task);
    task.counted = std::max(task.counted, task.view.length());
    task.started(task.view.length());
}

/// Only pages that are there now count: what comes later has been read by then.
void Scheduler::find_stretches(Task& task) {
    task.stretches.clear();
    const std::size_t most = task.reusable();
    for (const MovedText& text : task.moved()) {
        if (std::size_t{text.at} + text.length <= task.view.length() || text.at >= most) {
            continue;
        }
        const View from = cache_.match_elsewhere(text.context, task.scope());
        const std::size_t begin = text.context.size() - text.length;
        const std::size_t end = std::min(from.length(), begin + (most - text.at));
        if (end > begin) {
            Task::Stretch found{text.at, cache_.make_view()};
            found.pages.append_segment(from, begin, end);
            task.stretches.push_back(std::move(found));
        }
    }
}

void Scheduler::move_stretches() {
    for (const auto& task : active_) {
        if (task->stretches.empty() || task->following.leader != 0) {
            continue;
        }
        task->settled = task->view.length();
        append_stretches(*task);
        settle(*task);
    }
}

/// Those whose place the view has reached; the part of them that it does not hold yet.
void Scheduler::append_stretches(Task& task) {
    for (Task::Stretch& stretch : task.stretches) {
        const std::size_t length = task.view.length();
        if (length < stretch.at) {
            return;
        }
        if (length >= stretch.end()) {
            continue;
        }
        task.view.append_segment(stretch.pages, length - stretch.at, stretch.pages.length());
        if (!task.view.resumable(task.view.length(), cache_.window())) {
            task.view.rewind(length);  // a window would see what was let go: it is read
            stretch.pages.clear();
        }
    }
}

/// The task's next rows: up to `budget`, on both sides of moved stretches. Where windows let go of pages as
/// the view grows, only in front of the first: a row sees what its own place needs.
std::size_t Scheduler::add_prefill(Task& task, std::size_t budget) {
    Part part{&task, 0, {}, 0, 0, true, runs_.size(), 0};
    std::size_t position = task.view.length();
    auto next = task.stretches.begin();
    for (;;) {
        while (next != task.stretches.end() && (next->end() <= position || next->pages.empty())) {
            ++next;
        }
        const bool more = next != task.stretches.end();
        const std::size_t end = more ? std::max(next->at, position) : task.tokens().size();
        const std::size_t rows = std::min(budget - part.rows, end - position);
        if (rows > 0) {
            runs_.push_back({position, rows});
            part.rows += rows;
            position += rows;
        }
        if (!more || position < end || part.rows == budget || cache_.pool().windowed()) {
            break;
        }
        position = next->end();
    }
    part.runs = runs_.size() - part.first_run;
    if (part.runs == 1) {
        runs_.pop_back();
        part.runs = 0;
    }
    parts_.push_back(part);
    return part.rows;
}

/// Makes room for the part's rows, and puts the stretches between its runs in their places: the view is then
/// ahead of what is written, until the step is done or taken back.
bool Scheduler::reserve(const Part& part) {
    Task& task = *part.task;
    take_back(task);
    if (part.runs == 0) {
        return cache_.make_room(task.view, part.rows + part.drafts.size());
    }
    task.settled = task.view.length();
    for (std::size_t i = part.first_run; i < part.first_run + part.runs; ++i) {
        if (!cache_.make_room(task.view, runs_[i].rows)) {
            take_back(task);
            return false;
        }
        if (i + 1 < part.first_run + part.runs) {
            task.view.advance(runs_[i].rows);
            append_stretches(task);
        }
    }
    return true;
}

/// Of a step that was not done nothing is left.
void Scheduler::take_back(Task& task) {
    if (task.settled) {
        task.view.rewind(*std::exchange(task.settled, std::nullopt));
    }
}

/// What the view is ahead by now is written or moved.
void Scheduler::settle(Task& task) {
    if (!task.settled) {
        return;
    }
    std::size_t begin = std::max(task.counted, *std::exchange(task.settled, std::nullopt));
    for (const Task::Stretch& stretch : task.stretches) {
        const std::size_t first = std::max(begin, stretch.at);
        const std::size_t last = std::min(task.view.length(), stretch.end());
        task.moved_tokens += last - std::min(first, last);
    }
    task.counted = std::max(begin, task.view.length());
    const std::size_t length = task.view.length();
    task.stretches.erase(std::remove_if(task.stretches.begin(), task.stretches.end(),
                                        [length](const auto& stretch) { return stretch.end() <= length; }),
                         task.stretches.end());
}

}  // namespace tendril::engine
