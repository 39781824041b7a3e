// SPDX-License-Identifier: Apache-2.0
// What the store's thread does with the shelves: quota, writes, forgetting. Without a thread of its own; the
// mutex guards what the caller's thread looks at, files are touched without it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/cache/disk/disk_page_store.h"
#include "engine/cache/disk/shelf.h"

namespace tendril::engine {

/// A page on its way to the disk. The buffer: [header][full part][header][window part], each in whole blocks.
struct PendingPage {
    PageName name;
    PageName parent;
    std::uint32_t index = 0;
    std::array<TokenId, kPageTokens> tokens{};
    bool with_window = false;
    std::vector<std::byte> buffer;
    PageKey key() const { return {name, parent, index, tokens}; }
};

std::optional<PageName> parse_hex(const std::string& text);

class StoreCore {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit StoreCore(PageStoreOptions options) : options_(std::move(options)) {}

    // --- opening ---
    /// Folder, format, lock. An error is why the disk cannot be used.
    Status lock_folder();
    /// With the hash known: reads the model's pages.
    Status open_active(const std::string& model_hash);
    Status hash_and_open(const std::string& marks, const std::function<bool(double)>& progress);
    std::optional<std::string> known_hash(const std::string& marks) const;
    /// The other models' folders, what was left behind, and the quota.
    void open_others();

    // --- the store's thread ---
    enum class Outcome : std::uint8_t { stored, no_parent, no_room, fault };
    Outcome store(PendingPage& page, const std::vector<std::uint64_t>& owners);
    void claim(const PageName& name, std::uint64_t owner);
    void drop(std::vector<Place> places);
    Status forget(std::uint64_t owner);
    Status clear();
    /// One slice of tidying; true when there may be more.
    bool tidy();
    void sync();

    // --- with the mutex held ---
    Shelf* active() const { return active_.get(); }
    bool evicted_lately(const PageName& name) const;
    void count(PageStoreState& state) const;
    std::vector<std::uint64_t> owners() const;

    Time now() const { return options_.hooks.now ? options_.hooks.now() : std::chrono::steady_clock::now(); }
    const PageStoreOptions& options() const { return options_; }
    std::uint64_t slot_bytes(PagePart part) const;
    spdlog::logger* log() const { return options_.log.get(); }

    mutable std::mutex mutex;
    std::string note;  ///< guarded: why the disk is not used

  private:
    Result<bool> check_format();
    bool looks_ours() const;
    void erase_leftovers();
    void add_owners(const PageName& name, const std::vector<std::uint64_t>& owners);
    bool claimed(const PageName& name, std::uint64_t owner);
    void fault(const Error& error);
    void set_quota();
    bool make_room(std::uint64_t bytes, const PageName& keep);
    bool evict_one(const PageName& keep);
    std::uint64_t used() const;
    std::uint64_t reserve() const;
    void publish();
    Status write_part(const PendingPage& page, PagePart part, std::span<std::byte> slot);

    PageStoreOptions options_;
    Descriptor folder_;
    Descriptor lock_;
    std::unique_ptr<Shelf> active_;
    std::vector<std::unique_ptr<Shelf>> others_;  // the longest unused first
    std::unordered_map<PageName, Time, PageNameHash> evicted_;
    std::uint64_t quota_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t other_bytes_ = 0;
    std::uint64_t written_ = 0;
};

}  // namespace tendril::engine
