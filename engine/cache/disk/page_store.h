// SPDX-License-Identifier: Apache-2.0
// The disk tier as the KV cache sees it: full pages of exact tokens under names that cover everything they
// depend on. An interface, so that tests can put a fake in its place. Called from the engine thread; no call
// waits for a write. Owned by the runtime of the loaded model, outlives the KvCache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

/// 128 bits that stand for a page and all that is before it: the first half of SHA-256 over the parent's name
/// and the page's tokens; the root's name stands for model, tokenizer, rotary embedding and layout.
struct PageName {
    std::array<std::uint8_t, 16> bytes{};
    friend bool operator==(const PageName&, const PageName&) = default;
    friend auto operator<=>(const PageName&, const PageName&) = default;
};
struct PageNameHash {
    std::size_t operator()(const PageName& name) const;
};
std::string hex(const PageName& name);

/// Pure. `tokens`: the kPageTokens tokens of the page; `parent`: the page before it, or PageStore::root().
PageName page_name(const PageName& parent, std::span<const TokenId> tokens);
/// Of a text that says what pages depend on beside their tokens.
PageName root_name(const std::string& identity);

/// What a page is; all of it is written beside the page and compared when it is read. `tokens` is borrowed
/// for the call.
struct PageKey {
    PageName name;
    PageName parent;
    std::uint32_t index = 0;  ///< its first position is index * kPageTokens
    std::span<const TokenId> tokens;
};

/// Which parts of a page the store has, from its memory alone.
struct PageHeld {
    bool full = false;    ///< readable now
    bool window = false;  ///< readable now; a page without it serves any view whose window does not reach it
    bool queued = false;  ///< a write is on its way; not readable yet
};

struct PageStoreState {
    std::uint64_t bytes = 0;  ///< on the disk, of all models
    std::uint64_t quota = 0;
    std::uint64_t pages = 0;          ///< of the loaded model
    std::uint64_t other_bytes = 0;    ///< of `bytes`: of other models
    std::uint64_t written_bytes = 0;  ///< since the store was opened
    std::uint64_t read_pages = 0;
    std::uint64_t refused_pages = 0;  ///< found, but not beyond doubt, and therefore not used
    std::string note;                 ///< why the disk is not used now, for a person; empty: it is
};

class PageStore {
  public:
    using Done = std::function<void(Status)>;  ///< called on the store's thread

    virtual ~PageStore() = default;

    /// The name before the first page; nothing until the model's content is known (the first time a file is
    /// seen it is read whole, in the background). Nothing can be read or written before.
    virtual std::optional<PageName> root() const = 0;
    virtual PageHeld holds(const PageName& name) const = 0;
    /// Asks the system to fetch the pages; for a run of read() calls that follows.
    virtual void expect(std::span<const PageName> names) = 0;
    /// Reads on the caller's thread. The spans have the sizes of the layout's exported pages; an empty
    /// `window` asks for the full part only. False: not there, or not beyond doubt (then the reason goes to
    /// the log, once for each kind, and the page is dropped); the spans' contents are void.
    virtual bool read(const PageKey& key, std::span<std::byte> full, std::span<std::byte> window) = 0;

    /// Puts a page into the queue of the store's thread: `fill` is called at once, in this call, with spans
    /// of the exported sizes (`window` empty when `with_window` is false). A page that is there without its
    /// window part gets it. The page belongs to `owner` from now on (0: nobody's). False: queue full, owner
    /// forgotten, the page was let go of a moment ago, its parent is not there, or the store is off or
    /// paused; try again later. Write parents before children.
    virtual bool write(
        const PageKey& key, std::uint64_t owner, bool with_window,
        const std::function<void(std::span<std::byte> full, std::span<std::byte> window)>& fill) = 0;

    /// The page belongs to this owner as well, and lives until all its owners are forgotten. Cheap when
    /// known.
    virtual void own(const PageName& name, std::uint64_t owner) = 0;
    /// Removes what belongs to this owner alone, in all models, so that its bytes are gone when `done` is
    /// called. Until then writes for the owner are refused; afterwards it may come back (out of the trash).
    virtual void forget(std::uint64_t owner, Done done = {}) = 0;
    /// Removes the pages of all models.
    virtual void clear(Done done = {}) = 0;
    /// Owners that have pages, so that the caller can forget those it no longer knows. Without 0.
    virtual std::vector<std::uint64_t> owners() const = 0;

    virtual PageStoreState state() const = 0;
    /// Waits until everything that was asked for before has been done. For tests and orderly ends.
    virtual void wait_until_idle() = 0;
};

}  // namespace tendril::engine
