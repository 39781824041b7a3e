// SPDX-License-Identifier: Apache-2.0
// The caller's side of the disk tier: what is known in memory, reads, and the way into the queue.
#include "engine/cache/disk/disk_store.h"

#include <algorithm>

#include <spdlog/logger.h>

#include "engine/cache/disk/model_hash.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kQueueBytes = 64U << 20;
constexpr std::size_t kMostBuffers = 32;
constexpr std::size_t kFewestBuffers = 2;
}  // namespace

DiskPageStore::DiskPageStore(PageStoreOptions options) : core_(std::move(options)) {
    if (Status status = core_.lock_folder(); !status) {
        off(status.error());
        return;
    }
    if (!core_.options().model.empty()) {
        marks_ = model_marks(core_.options().model);
        if (const std::optional<std::string> hash = core_.known_hash(marks_)) {
            if (Status status = core_.open_active(*hash); !status) {
                off(status.error());
                return;
            }
            root_ = core_.active()->settings().root;
        }
    }
    thread_ = std::thread([this] { run(); });
}

DiskPageStore::~DiskPageStore() {
    {
        const std::lock_guard lock(core_.mutex);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void DiskPageStore::off(const Error& error) {
    if (core_.log() != nullptr) {
        core_.log()->warn("cache: {} ({})", error.message, error.detail);
    }
    const std::lock_guard lock(core_.mutex);
    core_.note = error.message;
    off_ = true;
}

std::optional<PageName> DiskPageStore::root() const {
    const std::lock_guard lock(core_.mutex);
    return root_;
}

PageHeld DiskPageStore::holds(const PageName& name) const {
    const std::lock_guard lock(core_.mutex);
    PageHeld held;
    if (const StoredPage* page = core_.active() != nullptr ? core_.active()->find(name) : nullptr) {
        held.full = true;
        held.window = static_cast<bool>(page->window);
    }
    held.queued = queued_.contains(name);
    return held;
}

void DiskPageStore::expect(std::span<const PageName> names) {
    std::vector<Place> places;
    {
        const std::lock_guard lock(core_.mutex);
        for (const PageName& name : names) {
            if (const StoredPage* page = core_.active() != nullptr ? core_.active()->find(name) : nullptr) {
                places.push_back(page->full);
                places.push_back(page->window);
            }
        }
    }
    for (const Place& place : places) {
        if (place) {
            place.segment->expect(place.slot);
        }
    }
}

bool DiskPageStore::read(const PageKey& key, std::span<std::byte> full, std::span<std::byte> window) {
    if (full.size() != core_.options().full_bytes ||
        (!window.empty() && window.size() != core_.options().window_bytes)) {
        return false;
    }
    for (;;) {
        Place full_place;
        Place window_place;
        {
            const std::lock_guard lock(core_.mutex);
            const StoredPage* page = core_.active() != nullptr ? core_.active()->find(key.name) : nullptr;
            if (page == nullptr || (!window.empty() && !page->window)) {
                return false;
            }
            full_place = page->full;
            window_place = page->window;
        }
        Doubt doubt = full_place.segment->read(full_place.slot, key, full);
        if (doubt == Doubt::none && !window.empty()) {
            doubt = window_place.segment->read(window_place.slot, key, window);
        }
        if (doubt == Doubt::none) {
            const std::lock_guard lock(core_.mutex);
            ++read_pages_;
            if (StoredPage* page = core_.active() != nullptr ? core_.active()->find(key.name) : nullptr) {
                core_.active()->touch(*page);
            }
            return true;
        }
        if (refuse(key, full_place, window_place, doubt)) {
            return false;
        }
    }
}

bool DiskPageStore::refuse(const PageKey& key, const Place& full, const Place& window, Doubt doubt) {
    const std::lock_guard lock(core_.mutex);
    const StoredPage* page = core_.active() != nullptr ? core_.active()->find(key.name) : nullptr;
    if (page == nullptr) {
        return true;  // let go while it was being read
    }
    if (page->full != full || page->window != window) {
        return false;  // moved, or got its window part
    }
    ++refused_pages_;
    if (told_.insert(doubt).second && core_.log() != nullptr) {
        core_.log()->warn("cache: a page on the disk is not used: {}", words_for(doubt));
    }
    commands_.emplace_back(Drop{core_.active()->take_out(key.name)});
    wake_.notify_one();
    return true;
}

std::optional<std::vector<std::byte>> DiskPageStore::take_buffer() {
    const std::uint64_t bytes = core_.slot_bytes(PagePart::full) + core_.slot_bytes(PagePart::window);
    if (!buffers_.empty()) {
        std::vector<std::byte> buffer = std::move(buffers_.back());
        buffers_.pop_back();
        return buffer;
    }
    if (buffers_made_ >= std::clamp<std::size_t>(kQueueBytes / bytes, kFewestBuffers, kMostBuffers)) {
        return std::nullopt;
    }
    ++buffers_made_;
    return std::vector<std::byte>(bytes);
}

bool DiskPageStore::write(const PageKey& key, std::uint64_t owner, bool with_window,
                          const std::function<void(std::span<std::byte>, std::span<std::byte>)>& fill) {
    with_window = with_window && core_.options().window_bytes > 0;
    PendingPage pending{key.name, key.parent, key.index, {}, with_window, {}};
    {
        const std::lock_guard lock(core_.mutex);
        Shelf* shelf = core_.active();
        if (off_ || !root_ || shelf == nullptr || stopping_ || forgotten_.contains(owner) ||
            key.tokens.size() != kPageTokens || (paused_ && core_.now() < paused_until_)) {
            return false;
        }
        std::copy(key.tokens.begin(), key.tokens.end(), pending.tokens.begin());
        const auto queued = queued_.find(key.name);
        if (queued != queued_.end() && with_window && !queued->second.with_window) {
            return false;  // when the first part is there
        }
        const StoredPage* page = shelf->find(key.name);
        if (queued != queued_.end() || (page != nullptr && (page->window || !with_window))) {
            own_locked(key.name, owner);
            return true;
        }
        if (core_.evicted_lately(key.name)) {
            return false;  // it would only push out another
        }
        const bool anchored =
            key.index == 0 || shelf->find(key.parent) != nullptr || queued_.contains(key.parent);
        std::optional<std::vector<std::byte>> buffer = anchored ? take_buffer() : std::nullopt;
        if (!buffer) {
            return false;
        }
        pending.buffer = std::move(*buffer);
        queued_[key.name] = {{owner}, with_window};
    }
    const std::span<std::byte> buffer(pending.buffer);
    const std::uint64_t second = core_.slot_bytes(PagePart::full);
    fill(
        buffer.subspan(kBlock, core_.options().full_bytes),
        with_window ? buffer.subspan(second + kBlock, core_.options().window_bytes) : std::span<std::byte>());
    post(std::move(pending));
    return true;
}

void DiskPageStore::own(const PageName& name, std::uint64_t owner) {
    const std::lock_guard lock(core_.mutex);
    own_locked(name, owner);
}

void DiskPageStore::own_locked(const PageName& name, std::uint64_t owner) {
    if (off_ || core_.active() == nullptr || forgotten_.contains(owner)) {
        return;
    }
    const auto add = [owner](std::vector<std::uint64_t>& owners) {
        const bool is_new = std::find(owners.begin(), owners.end(), owner) == owners.end();
        if (is_new) {
            owners.push_back(owner);
        }
        return is_new;
    };
    if (const auto queued = queued_.find(name); queued != queued_.end()) {
        add(queued->second.owners);  // claimed together with the page
    } else if (StoredPage* page = core_.active()->find(name)) {
        if (add(page->owners)) {
            commands_.emplace_back(Claim{name, owner});
            wake_.notify_one();
        }
    }
}

void DiskPageStore::forget(std::uint64_t owner, Done done) {
    if (off_ || owner == 0) {
        if (done) {
            done(owner == 0 ? Status() : fail(ErrorCode::busy, state().note));
        }
        return;
    }
    {
        const std::lock_guard lock(core_.mutex);
        ++forgotten_[owner];
    }
    post(Forget{owner, std::move(done)});
}

void DiskPageStore::clear(Done done) {
    if (off_) {
        if (done) {
            done(fail(ErrorCode::busy, state().note));
        }
        return;
    }
    post(Clear{std::move(done)});
}

std::vector<std::uint64_t> DiskPageStore::owners() const {
    const std::lock_guard lock(core_.mutex);
    return core_.owners();
}

PageStoreState DiskPageStore::state() const {
    const std::lock_guard lock(core_.mutex);
    PageStoreState state;
    core_.count(state);
    state.read_pages = read_pages_;
    state.refused_pages = refused_pages_;
    return state;
}

void DiskPageStore::wait_until_idle() {
    if (off_) {
        return;
    }
    Barrier barrier;
    std::future<void> reached = barrier.reached.get_future();
    post(std::move(barrier));
    reached.wait();
}

void DiskPageStore::post(Command command) {
    {
        const std::lock_guard lock(core_.mutex);
        commands_.push_back(std::move(command));
    }
    wake_.notify_one();
}

std::unique_ptr<PageStore> open_page_store(PageStoreOptions options) {
    return std::make_unique<DiskPageStore>(std::move(options));
}

}  // namespace tendril::engine
