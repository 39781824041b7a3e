// SPDX-License-Identifier: Apache-2.0
// Pages come, and others go for them; owners are forgotten.
#include "engine/cache/disk/store_core.h"

#include <algorithm>
#include <ctime>

#include <spdlog/logger.h>

namespace tendril::engine {
namespace {

/// So long a page that was let go is not written again: a quota smaller than what is in memory must not turn
/// into endless writing.
constexpr std::chrono::minutes kRestAfterEviction{1};

}  // namespace

std::uint64_t StoreCore::slot_bytes(PagePart part) const {
    return kBlock + to_blocks(part == PagePart::full ? options_.full_bytes : options_.window_bytes);
}

Status StoreCore::write_part(const PendingPage& page, PagePart part, std::span<std::byte> slot) {
    RecordHeader record{part, active_->settings().root, page.name, page.parent, page.index, page.tokens, 0, 0,
                        {}};
    record.payload = part == PagePart::full ? options_.full_bytes : options_.window_bytes;
    record.written_at = static_cast<std::uint64_t>(std::time(nullptr));
    record.payload_sum = checksum(slot.subspan(kBlock, record.payload));
    encode(record, slot.first<kBlock>());
    Result<Place> place = active_->append(part, slot);
    if (!place) {
        return fail(std::move(place.error()));
    }
    const std::lock_guard lock(mutex);
    active_->insert(page.key(), part, *place);
    written_ += slot.size();
    return {};
}

StoreCore::Outcome StoreCore::store(PendingPage& page, const std::vector<std::uint64_t>& owners) {
    bool full = false;
    bool window = false;
    {
        const std::lock_guard lock(mutex);
        if (!active_ || (page.index > 0 && active_->find(page.parent) == nullptr)) {
            return Outcome::no_parent;
        }
        const StoredPage* known = active_->find(page.name);
        full = known == nullptr;
        window = page.with_window && (full || !known->window);
    }
    const std::uint64_t bytes =
        (full ? slot_bytes(PagePart::full) : 0) + (window ? slot_bytes(PagePart::window) : 0);
    if (bytes > 0 && !make_room(bytes, full ? page.parent : page.name)) {
        return Outcome::no_room;
    }
    for (const std::uint64_t owner : owners) {
        if (!claimed(page.name, owner)) {
            return Outcome::fault;
        }
    }
    const std::span<std::byte> buffer(page.buffer);
    Status status;
    if (full) {
        status = write_part(page, PagePart::full, buffer.first(slot_bytes(PagePart::full)));
    }
    if (status && window) {
        status = write_part(page, PagePart::window,
                            buffer.subspan(slot_bytes(PagePart::full), slot_bytes(PagePart::window)));
    }
    add_owners(page.name, owners);
    publish();
    if (!status) {
        fault(status.error());
        return Outcome::fault;
    }
    return Outcome::stored;
}

void StoreCore::add_owners(const PageName& name, const std::vector<std::uint64_t>& owners) {
    const std::lock_guard lock(mutex);
    if (StoredPage* page = active_->find(name)) {
        for (const std::uint64_t owner : owners) {
            if (std::find(page->owners.begin(), page->owners.end(), owner) == page->owners.end()) {
                page->owners.push_back(owner);
            }
        }
    }
}

bool StoreCore::claimed(const PageName& name, std::uint64_t owner) {
    if (Status status = active_->owner_log().claim(name, owner); !status) {
        fault(status.error());
        return false;
    }
    return true;
}

void StoreCore::claim(const PageName& name, std::uint64_t owner) {
    if (active_) {
        claimed(name, owner);
    }
}

void StoreCore::fault(const Error& error) {
    if (log() != nullptr) {
        log()->warn("cache: {} ({})", error.message, error.detail);
    }
    const std::lock_guard lock(mutex);
    note = error.code == ErrorCode::disk_full
               ? "The disk is full, so nothing more of the cache is kept on it for now."
               : "The cache folder cannot be written (" + error.message + ")";
}

void StoreCore::drop(std::vector<Place> places) {
    if (active_) {
        active_->erase(places, true);
        publish();
    }
}

std::uint64_t StoreCore::used() const {
    std::uint64_t bytes = active_ ? active_->disk_bytes() : 0;
    for (const std::unique_ptr<Shelf>& shelf : others_) {
        bytes += shelf->disk_bytes();
    }
    return bytes;
}

/// Room that writes leave for moving pages out of a file that is mostly erased.
std::uint64_t StoreCore::reserve() const {
    if (!active_) {
        return 0;
    }
    const std::uint64_t slot = slot_bytes(PagePart::full) + slot_bytes(PagePart::window);
    return active_->can_free() ? slot : slot + active_->settings().segment_bytes / 2;
}

bool StoreCore::evict_one(const PageName& keep) {
    while (!others_.empty()) {
        Shelf& oldest = *others_.front();
        std::vector<Place> places;
        {
            const std::lock_guard lock(mutex);
            if (const std::optional<PageName> victim = oldest.choose_victim({})) {
                places = oldest.take_out(*victim);
            }
        }
        if (!places.empty()) {
            return oldest.erase(places, false);
        }
        const std::string name = hex(oldest.settings().root);
        {
            const std::lock_guard lock(mutex);
            others_.erase(others_.begin());
        }
        Shelf::remove_files(folder_, name);
    }
    if (!active_) {
        return false;
    }
    std::vector<Place> places;
    {
        const std::lock_guard lock(mutex);
        const std::optional<PageName> victim = active_->choose_victim(keep);
        if (!victim) {
            return false;
        }
        places = active_->take_out(*victim);
        evicted_[*victim] = now();
    }
    active_->erase(places, false);
    return true;
}

bool StoreCore::make_room(std::uint64_t bytes, const PageName& keep) {
    std::uint64_t limit = 0;
    {
        const std::lock_guard lock(mutex);
        limit = quota_ > reserve() ? quota_ - reserve() : 0;
    }
    bytes += kBlock;  // the header of a new file
    if (bytes > limit) {
        return false;
    }
    while (used() + bytes > limit) {
        const std::uint64_t now_used = used();
        if (active_ && !active_->can_free() && now_used < quota_ && active_->compact_one(quota_ - now_used)) {
            continue;
        }
        if (!evict_one(keep)) {
            return false;
        }
    }
    return true;
}

Status StoreCore::forget(std::uint64_t owner) {
    Status status;
    std::vector<Shelf*> shelves;
    for (const std::unique_ptr<Shelf>& shelf : others_) {
        shelves.push_back(shelf.get());
    }
    if (active_) {
        shelves.push_back(active_.get());
    }
    for (Shelf* shelf : shelves) {
        if (Status logged = shelf->owner_log().forget(owner); !logged) {
            status = std::move(logged);
        }
        std::vector<Place> places;
        {
            const std::lock_guard lock(mutex);
            std::vector<PageName> left;
            for (const auto& [name, page] : shelf->pages()) {
                StoredPage* found = shelf->find(name);
                if (std::erase(found->owners, owner) > 0 && found->owners.empty()) {
                    left.push_back(name);
                }
            }
            for (const PageName& name : left) {
                const std::vector<Place> taken = shelf->take_out(name);
                places.insert(places.end(), taken.begin(), taken.end());
            }
        }
        if (!shelf->erase(places, true)) {
            status =
                fail(ErrorCode::io, "Pages of a forgotten conversation could not be erased from the disk.");
        }
    }
    publish();
    return status;
}

Status StoreCore::clear() {
    std::unique_ptr<Shelf> active;
    std::vector<std::unique_ptr<Shelf>> others;
    {
        const std::lock_guard lock(mutex);
        active = std::move(active_);
        others = std::move(others_);
        others_.clear();
        evicted_.clear();
    }
    others.clear();
    Status status;
    for (const std::string& name : names_in(folder_)) {
        if (parse_hex(name)) {
            Shelf::remove_files(folder_, name);
        }
    }
    if (active) {
        const ShelfSettings settings = active->settings();
        active.reset();
        Result<std::unique_ptr<Shelf>> made = Shelf::open(folder_, settings, options_.hooks, mutex, log());
        const std::lock_guard lock(mutex);
        if (made) {
            active_ = std::move(*made);
        } else {
            note = made.error().message;
            status = fail(std::move(made.error()));
        }
    }
    publish();
    return status;
}

bool StoreCore::tidy() {
    {
        const std::lock_guard lock(mutex);
        std::erase_if(evicted_,
                      [this](const auto& entry) { return now() - entry.second > kRestAfterEviction; });
    }
    const std::uint64_t now_used = used();
    const bool more = active_ && now_used < quota_ && active_->compact_one(quota_ - now_used);
    publish();
    return more;
}

void StoreCore::sync() {
    for (const std::unique_ptr<Shelf>& shelf : others_) {
        shelf->sync_all();
    }
    if (active_) {
        active_->sync_all();
    }
    publish();
}

bool StoreCore::evicted_lately(const PageName& name) const {
    const auto found = evicted_.find(name);
    return found != evicted_.end() && now() - found->second <= kRestAfterEviction;
}

void StoreCore::publish() {
    const std::uint64_t all = used();
    const std::lock_guard lock(mutex);
    bytes_ = all;
    other_bytes_ = all - (active_ ? active_->disk_bytes() : 0);
}

void StoreCore::count(PageStoreState& state) const {
    state.bytes = bytes_;
    state.quota = quota_;
    state.pages = active_ ? active_->pages().size() : 0;
    state.other_bytes = other_bytes_;
    state.written_bytes = written_;
    state.note = note;
}

std::vector<std::uint64_t> StoreCore::owners() const {
    std::vector<std::uint64_t> all;
    const auto gather = [&](const Shelf& shelf) {
        for (const auto& [name, page] : shelf.pages()) {
            all.insert(all.end(), page.owners.begin(), page.owners.end());
        }
    };
    for (const std::unique_ptr<Shelf>& shelf : others_) {
        gather(*shelf);
    }
    if (active_) {
        gather(*active_);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::erase(all, 0U);
    return all;
}

}  // namespace tendril::engine
