// SPDX-License-Identifier: Apache-2.0
// A user who does anything in any order: starts, goes on, forks, rewinds, edits, ends, forgets, restarts.
// After each step the answer is compared with an engine without cache, and the books are checked. Faults can
// be put in, to see that they are noticed. For the model-based test. One thread.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/cache/cache_faults.h"
#include "tests/unit/cache/cache_fixture.h"
#include "tests/unit/cache/tiny_machine.h"

namespace tendril::test {

enum class Fault : std::uint8_t {
    none,
    without_parent,  ///< pages are found by their own tokens, whatever stands before them
    stale_page,      ///< a page is used again while the tree still knows it
    zero_delta,      ///< moved text is read as if it stood where it was written
    flipped_bit,     ///< a page comes back from the disk with one bit changed
};

struct Tally {
    std::size_t operations = 0, compared = 0, reused = 0, restarts = 0, evicted = 0, restored = 0,
                refused = 0, moved = 0, moved_kept = 0, forks = 0, forgets = 0;
};

class RandomUser {
  public:
    /// `store`: the disk; null: none.
    RandomUser(const MachineOptions& options, engine::PageStore* store, unsigned seed, Fault fault = {});

    /// What went wrong first; empty: nothing did.
    std::string run(std::size_t operations);
    /// Lets go of everything and looks whether all pages are free.
    std::string end();
    const Tally& tally() const { return tally_; }
    const TinyMachine& machine() const { return machine_; }
    /// Called when the program starts again; gives the disk from then on, ready to be used.
    std::function<engine::PageStore*()> reopen;
    std::string restart();

  private:
    struct Talk {
        std::vector<TokenId> tokens;
        View view;  ///< of all but what is pending
        engine::CacheScope scope;
        bool moved = false;  ///< holds moved text: close to what reading gives, not the same
    };
    std::size_t any(std::size_t below) { return random_() % below; }
    Talk& pick() { return talks_[any(talks_.size())]; }
    std::vector<TokenId> text(std::size_t most);
    engine::CacheScope scope();

    std::string step();
    std::string start(std::vector<TokenId> tokens, engine::CacheScope scope);
    std::string go_on(Talk& talk);
    std::string fork();
    std::string rewind();
    std::string edit();
    std::string move_text();
    std::string move_kept_text();
    std::string finish();
    std::string squeeze();
    std::string forget();
    void wait_for_disk();
    std::string read_pending(Talk& talk);
    std::string compare(const Talk& talk, const std::vector<float>& logits);
    std::string check_books();
    std::string check_privacy(const Talk& talk) const;
    void drop(std::size_t index);
    void remember(const Talk& talk, std::size_t length);
    void break_something();

    TinyMachine machine_;
    engine::PageStore* store_;
    Fault fault_;
    bool move_;  // with one layer moved text is exact but for rounding
    std::mt19937 random_;
    std::vector<std::vector<TokenId>> blocks_;  // of a page each: the same page behind different ones
    std::vector<Talk> talks_;
    std::array<std::uint64_t, 4> owners_ = {0, 1, 2, 3};                     // the first is nobody
    std::vector<std::pair<std::vector<TokenId>, engine::CacheScope>> kept_;  // what may be known
    Tally tally_;
};

/// A store that changes one bit of each page that it gives back.
class FlippingStore final : public FakeStore {
  public:
    bool read(const engine::PageKey& key, std::span<std::byte> full, std::span<std::byte> window) override {
        if (!FakeStore::read(key, full, window)) {
            return false;
        }
        full[full.size() / 3] ^= std::byte{0x10};
        return true;
    }
};

}  // namespace tendril::test
