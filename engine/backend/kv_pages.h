// SPDX-License-Identifier: Apache-2.0
// The KV part of the backend's contract: pages of keys and values, and how the rows of a step see them. All
// calls come from the engine thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

struct KvLayout {
    std::size_t layers = 0;
    std::size_t kv_heads = 0;
    std::size_t head_size = 0;
    KvType type = KvType::f16;
    std::vector<bool> windowed;  ///< [layers]: lies in the pages of PageGroup::window; empty: none does

    PageGroup group(std::size_t layer) const {
        return !windowed.empty() && windowed[layer] ? PageGroup::window : PageGroup::full;
    }
    std::size_t layers_in(PageGroup group) const;
    /// Keys and values of all layers of a group, before a backend pads them. Quantised types: blocks of 32
    /// values with an f16 scale.
    std::size_t bytes_per_page(PageGroup group = PageGroup::full) const;
};

/// Positions of one layer and head that are to lie one behind the other: slot slots[i] of the pages `from`
/// becomes slot first_slot + i of the pages `to`, bit for bit.
struct KvGather {
    std::size_t layer = 0;  ///< of PageGroup::full
    std::size_t head = 0;
    std::span<const PageId> from;
    std::span<const std::uint32_t> slots;
    std::span<const PageId> to;
    std::size_t first_slot = 0;
};

struct KvPageCounts {
    std::size_t full = 0;
    std::size_t window = 0;
};

/// All KV pages of a model, taken at load. A page holds kPageTokens positions of keys and values of every
/// layer of its group. Quantised types: keys (after RoPE) and values of each head are multiplied by the
/// normalised Hadamard matrix (of the largest power of two that divides the head size) before they are
/// rounded, queries likewise, and what attention mixes is turned back: outliers are spread over the block.
class KvPages {
  public:
    virtual ~KvPages() = default;
    virtual std::size_t page_count(PageGroup group) const = 0;
    /// Copies the first `tokens` positions of all layers of one page to another (copy-on-write of a partial
    /// page).
    virtual void copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) = 0;
    /// Only where Backend::prepare_peaks() succeeds.
    virtual void gather(const KvGather&) {}

    // A page as bytes, for the disk: opaque, exact bit for bit, meaningful only where layout_name() is the
    // same. export_page throws std::runtime_error when the device is lost (Backend::health).
    virtual std::string layout_name() const = 0;
    virtual std::size_t page_bytes(PageGroup group) const = 0;
    virtual void export_page(PageGroup group, PageId page, std::span<std::byte> to) const = 0;
    virtual void import_page(PageGroup group, PageId page, std::span<const std::byte> from) = 0;

    // A device with memory of its own may put pages that no step uses off to the host's, and fetches them
    // when a step does. Whoever gives pages out sees more of them, all alike.
    /// Before the first use: takes at most `bytes` of the host's memory, and page_count() grows by what they
    /// hold. Gives what was taken; 0: the pages are the host's own, or there is no use for more.
    virtual Result<std::size_t> keep_on_host(std::size_t bytes) {
        static_cast<void>(bytes);
        return std::size_t{0};
    }
    /// So many pages of a group may be in the views of one step together.
    virtual std::size_t step_pages(PageGroup group) const { return page_count(group); }
    /// Nobody needs what is in the page any more: it need not be kept until it is written again.
    virtual void discard(PageGroup, PageId) {}
    struct HostTraffic {
        std::uint64_t put_off = 0;  ///< pages, since the first use
        std::uint64_t fetched = 0;
    };
    virtual HostTraffic host_traffic() const { return {}; }
};

/// Positions of a view that lie in consecutive slots: slot s is in pages[s / kPageTokens], place s %
/// kPageTokens, for s from first_slot on. Their keys were rotated for other positions when delta is not 0:
/// position in the view = position at writing + delta.
struct KvSegment {
    std::span<const PageId> pages;
    /// Of the windowed layers, indexed alike; kNoPage where let go, which is only where no row of the step
    /// looks. Empty when the layout has none.
    std::span<const PageId> window_pages;
    std::size_t first_slot = 0;
    std::size_t length = 0;  ///< positions
    std::int32_t delta = 0;

    std::span<const PageId> pages_of(PageGroup group) const {
        return group == PageGroup::window ? window_pages : pages;
    }
};

/// Consecutive rows of a step that belong to one view (a conversation, branch or draft).
/// Places in the view say what a row sees; by how much it was turned is in StepPlan::positions alone, and
/// behind a pruned beginning larger than its place.
struct StepView {
    std::size_t first_row = 0;
    std::size_t row_count = 0;
    std::size_t first_position = 0;  ///< place of the first row; the rows are consecutive
    /// In the order of positions, covering [0, first_position + row_count). The last has delta 0 and ends
    /// with the step's own rows, whose slots are written by store_kv.
    std::span<const KvSegment> segments;
};

/// What is the same for all layers of a step: which row sits where.
struct StepPlan {
    std::span<const StepView> views;          // cover the rows without gap or overlap, ascending
    std::span<const std::int32_t> positions;  // [rows] in the text: of rotary embeddings, and of nothing else
    /// Set by another thread: nothing of the step is wanted any more, and a backend that works between
    /// begin_step() and end_step(), or in the second, may stop. Null: never.
    const std::atomic<bool>* interrupt = nullptr;
    std::size_t rows() const { return positions.size(); }
};

}  // namespace tendril::engine
