// SPDX-License-Identifier: Apache-2.0
// A view: the positions 0..length of one conversation, branch or draft, as a list of segments over the pool.
// Nearly always it is one segment; parts of other views can be appended at other positions (their keys stay
// as they were written, attention turns the queries back by the segment's delta). Forking, rewinding and
// appending touch counts only. Holds one reference to each of its pages and gives it back when destroyed;
// must not outlive its pool. Owned by the engine thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/backend/kv_pages.h"
#include "engine/cache/page_pool.h"

namespace tendril::engine {

constexpr std::size_t pages_for(std::size_t tokens) {
    return (tokens + kPageTokens - 1) / kPageTokens;
}

/// The first position whose keys a row at `length` sees through a window.
constexpr std::size_t window_start(std::size_t length, std::size_t window) {
    return length + 1 > window ? length + 1 - window : 0;
}

/// The first `length` positions of a view whose keys were pruned to `slots` of each layer and head: a frozen
/// beginning, of which no part can be had. key 0: none.
struct Frozen {
    std::uint64_t key = 0;
    std::size_t length = 0;
    std::size_t slots = 0;
};

class View {
  public:
    View() = default;  ///< empty, of no pool; for members that are filled later
    explicit View(PagePool& pool) : pool_(&pool) {}
    ~View() { clear(); }
    View(View&& other) noexcept;
    View& operator=(View&& other) noexcept;

    /// Positions of the text; all lengths here are such.
    std::size_t length() const { return slots_ + gap(); }
    bool empty() const { return slots_ == 0; }
    const Frozen& frozen() const { return frozen_; }
    /// By how much a position behind the frozen beginning is larger than its place among the slots.
    std::size_t gap() const { return frozen_.length - frozen_.slots; }
    /// The longest beginning, at most `length` positions, that ends with a page; 0 within what is frozen.
    std::size_t whole_pages(std::size_t length) const;
    /// Positions from 0 on that hold what reading the tokens alone gives; the rest stands behind moved text.
    std::size_t exact_length() const;
    /// Pages of the exact part: position p is in pages()[p / kPageTokens]. May reach beyond length() for
    /// positions that are about to be written.
    std::span<const PageId> pages() const;
    /// Indexed alike; kNoPage where let go. Empty for models without windows.
    std::span<const PageId> window_pages() const;
    /// As a step of `rows` rows behind the end sees it; their pages were made by KvCache::make_room(). Valid
    /// until the view changes.
    std::span<const KvSegment> segments(std::size_t rows);
    /// Whether rows can go on behind the first `length` positions: what a window shows them is still there.
    bool resumable(std::size_t length, std::size_t window) const;

    /// Another view of the first `length` positions; a partial last page is shared until one side writes
    /// (KvCache::make_room).
    View fork(std::size_t length) const;
    /// Forgets the positions from `length` on, and the pages that only they needed.
    void rewind(std::size_t length);
    /// Positions [begin, end) of another view of the same pool stand behind this view's end from now on. The
    /// delta follows from the two places. Approximate: what was read in front of them is not what stands
    /// there now.
    void append_segment(const View& from, std::size_t begin, std::size_t end);
    /// `rows` positions behind the end have been written; their pages were made by KvCache::make_room().
    void advance(std::size_t rows);
    void clear() { rewind(0); }

  private:
    friend class KvCache;
    friend struct CacheFaults;  // tests only: breaks what the tests must notice
    struct Segment {
        std::vector<PageId> pages;
        std::vector<PageId> window_pages;  // as long as pages, or empty
        std::size_t first_slot = 0;
        std::size_t length = 0;
        std::int32_t delta = 0;
        std::size_t windows_let_go = 0;  // in front of this page of the segment
    };
    void release(Segment& segment, std::size_t from_page);
    void hold(const Segment& segment);
    void let_windows_go(std::size_t window);
    std::size_t slots_of(std::size_t length) const;
    /// The part [begin, end) of a segment's positions, without references.
    static Segment part(const Segment& segment, std::size_t begin, std::size_t end);

    PagePool* pool_ = nullptr;
    std::vector<Segment> segments_;
    std::size_t slots_ = 0;
    Frozen frozen_;
    bool exact_start_ = true;       // the first segment was read at its place
    std::vector<KvSegment> shown_;  // what segments() gave last
};

}  // namespace tendril::engine
