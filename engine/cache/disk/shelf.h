// SPDX-License-Identifier: Apache-2.0
// The pages of one model on the disk: a folder of segments, its index and its owners. The map of pages is
// guarded by the store's mutex; files are touched by the store's thread alone, and never with the mutex held.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/cache/disk/index_file.h"
#include "engine/cache/disk/owner_log.h"
#include "engine/cache/disk/segment.h"

namespace spdlog {
class logger;
}

namespace tendril::engine {

struct Place {
    std::shared_ptr<Segment> segment;  ///< null: not on the disk
    std::uint32_t slot = kNoSlot;
    explicit operator bool() const { return segment != nullptr; }
    friend bool operator==(const Place&, const Place&) = default;
};

struct StoredPage {
    PageName parent;
    std::uint32_t index = 0;
    std::uint32_t children = 0;  ///< pages that are here and follow this one
    Place full;
    Place window;
    std::vector<std::uint64_t> owners;
    double worth = 0;  ///< eviction goes from the lowest: GreedyDual-Size, inflation + cost / size
    std::uint64_t last_use = 0;
};

struct ShelfSettings {
    PageName root;
    std::string identity;          ///< empty: a model that is not loaded; its folder must say what it is
    std::uint64_t full_bytes = 0;  ///< of a page part, when `identity` is given
    std::uint64_t window_bytes = 0;
    std::uint64_t segment_bytes = 64ULL << 20;
};

class Shelf {
  public:
    using Pages = std::unordered_map<PageName, StoredPage, PageNameHash>;

    /// Reads what is there. An empty `identity` and no folder of ours: not_found. `log` may be null.
    static Result<std::unique_ptr<Shelf>> open(const Descriptor& store, ShelfSettings settings,
                                               const DiskHooks& hooks, std::mutex& mutex,
                                               spdlog::logger* log);
    /// Whether there is a folder for this root that says so itself. Changes nothing.
    static bool is_ours(const Descriptor& store, const PageName& root);

    // --- any thread that holds the mutex ---
    StoredPage* find(const PageName& name);
    const Pages& pages() const { return pages_; }
    void touch(StoredPage& page);
    void insert(const PageKey& key, PagePart part, const Place& place);
    /// Takes the page out of the map; its places are to be erased.
    std::vector<Place> take_out(const PageName& name);
    /// The page to let go of next: among those without children the least worth, then the longest unused.
    /// Never `keep`. Raises the inflation to its worth.
    std::optional<PageName> choose_victim(const PageName& keep);
    const ShelfSettings& settings() const { return settings_; }

    // --- the store's thread, without the mutex ---
    Result<Place> append(PagePart part, std::span<const std::byte> slot);
    bool erase(const std::vector<Place>& places, bool overwrite);
    OwnerLog& owner_log() { return *owner_log_; }
    /// What the start found damaged, twice, or nobody's.
    std::vector<Place> take_leftovers() { return std::move(leftovers_); }
    /// Moves what is left of a file that is mostly erased to the newest one. True when there was such a file
    /// and `room` bytes sufficed.
    bool compact_one(std::uint64_t room);
    /// Everything on the disk, and the index with it.
    void sync_all();
    /// Removes all files of ours; the folder too when nothing else is in it.
    static void remove_files(const Descriptor& store, const std::string& folder_name);
    std::uint64_t disk_bytes() const;
    bool can_free() const;
    std::int64_t last_opened() const { return last_opened_; }  ///< nanoseconds since 1970

  private:
    Shelf(ShelfSettings settings, const DiskHooks& hooks, std::mutex& mutex, spdlog::logger* log)
        : settings_(std::move(settings)), hooks_(hooks), mutex_(mutex), log_(log) {}
    Status check_identity();
    bool has_own_pages() const;
    Status load_segments();
    void load_index();
    void scan(const std::shared_ptr<Segment>& segment, std::uint32_t first);
    void adopt(const Claims& claims);
    void count_live();
    void drop_index();
    Place resolve(PagePart part, SlotNumber number) const;
    IndexContents snapshot() const;
    bool move_slot(const std::shared_ptr<Segment>& from, std::uint32_t slot, std::vector<std::byte>& bytes);
    void forget_segment(const std::shared_ptr<Segment>& segment);
    std::uint32_t& children_of(const PageName& name);
    double cost_of(const StoredPage& page) const;

    ShelfSettings settings_;
    const DiskHooks& hooks_;
    std::mutex& mutex_;
    spdlog::logger* log_;
    Descriptor folder_;
    std::int64_t last_opened_ = 0;
    Pages pages_;
    std::unordered_map<PageName, std::uint32_t, PageNameHash> fatherless_;  // children of pages not here
    double inflation_ = 0;
    std::uint64_t clock_ = 0;
    std::vector<std::shared_ptr<Segment>> segments_;
    std::shared_ptr<Segment> current_full_;
    std::shared_ptr<Segment> current_window_;
    std::uint32_t next_number_ = 1;
    std::optional<OwnerLog> owner_log_;
    std::vector<Place> leftovers_;
    std::uint64_t index_bytes_ = 0;  // 0: no index on the disk
    bool index_old_ = false;         // the one on the disk misses pages
};

}  // namespace tendril::engine
