// SPDX-License-Identifier: Apache-2.0
// The store's thread: takes what was asked for out of the queue, one after the other.
#include <algorithm>
#include <iterator>

#include <spdlog/logger.h>

#include "engine/cache/disk/disk_store.h"

namespace tendril::engine {
namespace {

/// After a fault no page is tried for so long.
constexpr std::chrono::seconds kPause{30};
/// So long after the last work the files are synced and the index is written.
constexpr std::chrono::seconds kIdle{2};

}  // namespace

void DiskPageStore::run() {
    try {
        core_.open_others();
        learn_model();
    } catch (const std::exception& exception) {
        off({ErrorCode::internal, "The disk cache could not be opened.", exception.what()});
    }
    for (;;) {
        std::optional<Command> command;
        {
            std::unique_lock lock(core_.mutex);
            const auto something = [this] { return stopping_ || !commands_.empty(); };
            if (!dirty_) {
                wake_.wait(lock, something);
            } else {
                wake_.wait_for(lock, kIdle, something);
            }
            if (!commands_.empty()) {
                command = std::move(commands_.front());
                commands_.pop_front();
            } else if (stopping_) {
                break;
            }
        }
        if (command) {
            serve(*command);
        } else {
            rest();
        }
    }
    core_.sync();
}

void DiskPageStore::learn_model() {
    if (core_.options().model.empty()) {
        return;
    }
    {
        const std::lock_guard lock(core_.mutex);
        if (root_) {
            return;
        }
    }
    const Status status = core_.hash_and_open(marks_, [this](double) { return serve_urgent(); });
    if (!status) {
        if (status.error().code != ErrorCode::cancelled) {
            off(status.error());
        }
        return;
    }
    const std::lock_guard lock(core_.mutex);
    root_ = core_.active()->settings().root;
}

bool DiskPageStore::serve_urgent() {
    std::deque<Command> urgent;
    {
        const std::lock_guard lock(core_.mutex);
        if (stopping_) {
            return false;
        }
        std::deque<Command> others;
        for (Command& command : commands_) {
            const bool now =
                std::holds_alternative<Forget>(command) || std::holds_alternative<Clear>(command);
            (now ? urgent : others).push_back(std::move(command));
        }
        commands_.swap(others);
    }
    for (Command& command : urgent) {
        serve(command);
    }
    return true;
}

void DiskPageStore::serve(Command& command) {
    try {
        std::visit([this](auto& what) { perform(what); }, command);
    } catch (const std::exception& exception) {
        off({ErrorCode::internal, "The disk cache had to be stopped.", exception.what()});
    }
}

void DiskPageStore::rest() {
    while (core_.tidy()) {
        const std::lock_guard lock(core_.mutex);
        if (!commands_.empty() || stopping_) {
            return;
        }
    }
    core_.sync();
    dirty_ = false;
}

std::vector<std::uint64_t> DiskPageStore::owners_of(const PageName& queued) const {
    std::vector<std::uint64_t> owners;
    const auto found = queued_.find(queued);
    if (found != queued_.end()) {
        std::copy_if(found->second.owners.begin(), found->second.owners.end(), std::back_inserter(owners),
                     [this](std::uint64_t owner) { return !forgotten_.contains(owner); });
    }
    return owners;
}

void DiskPageStore::perform(PendingPage& page) {
    dirty_ = true;
    std::vector<std::uint64_t> owners;
    bool skip = false;
    {
        const std::lock_guard lock(core_.mutex);
        owners = owners_of(page.name);
        skip = owners.empty() || (paused_ && core_.now() < paused_until_);
    }
    const StoreCore::Outcome outcome = skip ? StoreCore::Outcome::no_parent : core_.store(page, owners);
    finish(page, outcome, owners);
}

void DiskPageStore::finish(PendingPage& page, StoreCore::Outcome outcome,
                           const std::vector<std::uint64_t>& written) {
    const std::lock_guard lock(core_.mutex);
    const std::vector<std::uint64_t> wanted = owners_of(page.name);
    queued_.erase(page.name);
    buffers_.push_back(std::move(page.buffer));
    switch (outcome) {
        case StoreCore::Outcome::stored:
            if (paused_) {
                paused_ = false;
                core_.note.clear();
            }
            for (const std::uint64_t owner : wanted) {
                if (std::find(written.begin(), written.end(), owner) == written.end()) {
                    own_locked(page.name, owner);
                }
            }
            break;
        case StoreCore::Outcome::no_room:
            core_.note = "The disk cache is too small for what is in use, so not all of it is kept.";
            [[fallthrough]];
        case StoreCore::Outcome::fault:
            paused_ = true;
            paused_until_ = core_.now() + kPause;
            break;
        case StoreCore::Outcome::no_parent:
            break;
    }
}

void DiskPageStore::perform(Forget& forget) {
    dirty_ = true;
    const Status status = core_.forget(forget.owner);
    if (!status && core_.log() != nullptr) {
        core_.log()->error("cache: {} ({})", status.error().message, status.error().detail);
    }
    {
        const std::lock_guard lock(core_.mutex);
        const auto found = forgotten_.find(forget.owner);
        if (found != forgotten_.end() && --found->second == 0) {
            forgotten_.erase(found);
        }
    }
    if (forget.done) {
        forget.done(status);
    }
}

void DiskPageStore::perform(Clear& clear) {
    dirty_ = true;
    {
        const std::lock_guard lock(core_.mutex);
        std::erase_if(commands_, [this](Command& command) {
            auto* page = std::get_if<PendingPage>(&command);
            if (page != nullptr) {
                queued_.erase(page->name);
                buffers_.push_back(std::move(page->buffer));
            }
            return page != nullptr || std::holds_alternative<Drop>(command);
        });
    }
    const Status status = core_.clear();
    if (clear.done) {
        clear.done(status);
    }
}

void DiskPageStore::perform(Barrier& barrier) {
    rest();
    barrier.reached.set_value();
}

}  // namespace tendril::engine
