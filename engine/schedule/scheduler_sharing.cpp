// SPDX-License-Identifier: Apache-2.0
// Two tasks with the same text: the second waits until the first has read it and takes its pages.
#include <algorithm>
#include <limits>
#include <utility>

#include "engine/cache/common_prefix.h"
#include "engine/schedule/scheduler.h"

namespace tendril::engine {
namespace {

/// Less than this is read faster than waited for: a step's fixed part is about ten rows of a prompt.
constexpr std::size_t kWorthWaiting = 16;

/// What is private stays with its owner, and in private.
bool may_share(const CacheScope& task, const CacheScope& from) {
    return !from.keep_private || (task.keep_private && task.owner == from.owner);
}

void note_shared(Task& task, Task& other, std::size_t shared) {
    task.shared = std::max(task.shared, shared);
    other.shared = std::max(other.shared, shared);
}

/// How far two texts are made of the same moved stretches: from there on one's pages are not what the other's
/// would be.
std::size_t made_alike(const Task& a, const Task& b) {
    const std::span<const MovedText> one = a.moved();
    const std::span<const MovedText> two = b.moved();
    std::size_t limit = std::numeric_limits<std::size_t>::max();
    for (std::size_t i = 0; i < std::max(one.size(), two.size()); ++i) {
        if (i < one.size() && i < two.size() && one[i].at == two[i].at && one[i].length == two[i].length &&
            one[i].context == two[i].context) {
            continue;
        }
        limit = i < one.size() ? one[i].at : limit;
        return i < two.size() ? std::min<std::size_t>(limit, two[i].at) : limit;
    }
    return limit;
}

/// Takes the first `shared` tokens of another view, as far as it has them.
void take_from(Task& task, Task& other, std::size_t shared, std::size_t window) {
    std::size_t there = std::min(shared, other.view.length());
    if (there < shared || there < other.view.frozen().length) {
        there = other.view.whole_pages(there);  // a page that is still being written stays its own
    }
    if (there > task.view.length() && other.view.resumable(there, window)) {
        task.view = other.view.fork(there);
        note_shared(task, other, there);
    }
}

}  // namespace

/// True when the task is to wait for another; if not, it has taken what others have read of its text by now.
bool Scheduler::find_leader(Task& task) {
    const std::span<const TokenId> wanted = task.tokens().first(task.reusable());
    Task::Following best;
    for (const auto& other : active_) {
        if (other.get() == &task || other->finished() || !may_share(task.scope(), other->scope()) ||
            task.pruned().frozen().key != other->pruned().frozen().key) {
            continue;
        }
        const std::size_t same = common_prefix(wanted, other->tokens());
        const std::size_t alike = made_alike(task, *other);
        const std::size_t shared = std::min(same, alike);
        take_from(task, *other, std::min(same, std::max(alike, other->view.exact_length())), cache_.window());
        const bool goes_on =
            other->priority() == Priority::interactive || task.priority() == Priority::background;
        if (goes_on && other->view.length() < shared && shared > best.shared) {
            best = {other->id(), shared};
        }
    }
    if (best.shared >= task.view.length() + kWorthWaiting) {
        task.following = best;
        note_shared(task, *find_active(best.leader), best.shared);
    }
    return task.following.leader != 0;
}

void Scheduler::forget(std::uint64_t owner) {
    const auto disown = [owner](const std::unique_ptr<Task>& task) {
        if (owner != 0 && task->scope().owner == owner) {
            task->disown();
        }
    };
    std::for_each(active_.begin(), active_.end(), disown);
    std::for_each(waiting_.begin(), waiting_.end(), disown);
}

/// Ends the wait of tasks whose text has been read.
void Scheduler::follow() {
    for (const auto& task : active_) {
        if (task->following.leader == 0) {
            continue;
        }
        Task* const leader = find_active(task->following.leader);
        if (leader != nullptr && leader->view.length() < task->following.shared) {
            continue;
        }
        if (leader != nullptr) {
            take_from(*task, *leader, task->following.shared, cache_.window());
        } else {
            take_longer_match(*task);  // it has ended or paused
        }
        task->following = {};
        begin(*task);
    }
}

/// The ones that tasks gave way to may have read the same; all of it, perhaps.
void Scheduler::catch_up() {
    const bool only_interactive = interactive_active();
    for (const auto& task : active_) {
        if ((only_interactive && task->priority() != Priority::interactive) ||
            !std::exchange(task->passed_over, false) || task->finished() || task->following.leader != 0 ||
            task->pending() <= 1) {
            continue;
        }
        take_longer_match(*task);
        if (task->pending() == 0) {
            task->started(task->view.length());
        }
    }
}

Task* Scheduler::find_active(RequestId id) {
    const auto found =
        std::find_if(active_.begin(), active_.end(), [id](const auto& task) { return task->id() == id; });
    return found == active_.end() ? nullptr : found->get();
}

View Scheduler::look_up(const Task& task) {
    const Frozen& frozen = task.pruned().frozen();
    View view = frozen.key == 0
                    ? cache_.match(task.tokens(), task.reusable(), task.scope())
                    : cache_.match_pruned(frozen.key, task.tokens(), task.reusable(), task.scope());
    if (settings_.matched) {
        settings_.matched(task.id(), cache_.last_match());
    }
    return frozen.key != 0 && view.empty() ? task.pruned().fork(frozen.length) : std::move(view);
}

void Scheduler::take_longer_match(Task& task) {
    View found = look_up(task);
    if (found.length() > task.view.length()) {
        task.view = std::move(found);
        task.restored = cache_.last_match().restored;
    }
}

}  // namespace tendril::engine
