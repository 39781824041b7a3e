// SPDX-License-Identifier: Apache-2.0
// The disk tier with its thread and its queue. Everything that both threads look at is guarded by the core's
// mutex, which nobody holds while a file is touched. Internal; others use open_page_store().
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <set>
#include <thread>
#include <variant>

#include "engine/cache/disk/store_core.h"

namespace tendril::engine {

class DiskPageStore final : public PageStore {
  public:
    explicit DiskPageStore(PageStoreOptions options);
    ~DiskPageStore() override;

    std::optional<PageName> root() const override;
    PageHeld holds(const PageName& name) const override;
    void expect(std::span<const PageName> names) override;
    bool read(const PageKey& key, std::span<std::byte> full, std::span<std::byte> window) override;
    bool write(const PageKey& key, std::uint64_t owner, bool with_window,
               const std::function<void(std::span<std::byte>, std::span<std::byte>)>& fill) override;
    void own(const PageName& name, std::uint64_t owner) override;
    void forget(std::uint64_t owner, Done done) override;
    void clear(Done done) override;
    std::vector<std::uint64_t> owners() const override;
    PageStoreState state() const override;
    void wait_until_idle() override;

  private:
    struct Claim {
        PageName name;
        std::uint64_t owner = 0;
    };
    struct Drop {
        std::vector<Place> places;
    };
    struct Forget {
        std::uint64_t owner = 0;
        Done done;
    };
    struct Clear {
        Done done;
    };
    struct Barrier {
        std::promise<void> reached;
    };
    using Command = std::variant<PendingPage, Claim, Drop, Forget, Clear, Barrier>;
    struct Queued {
        std::vector<std::uint64_t> owners;
        bool with_window = false;
    };

    void off(const Error& error);
    void own_locked(const PageName& name, std::uint64_t owner);
    void post(Command command);
    std::optional<std::vector<std::byte>> take_buffer();
    /// Page and refusal go through one lock: true when the place is still the page's, and it is out now.
    bool refuse(const PageKey& key, const Place& full, const Place& window, Doubt doubt);

    // --- the store's thread ---
    void run();
    void learn_model();
    void rest();
    void serve(Command& command);
    void perform(PendingPage& page);
    void perform(Claim& claim) { core_.claim(claim.name, claim.owner); }
    void perform(Drop& drop) { core_.drop(std::move(drop.places)); }
    void perform(Forget& forget);
    void perform(Clear& clear);
    void perform(Barrier& barrier);
    /// Of the commands those that need no model; false when the store is to end.
    bool serve_urgent();
    void finish(PendingPage& page, StoreCore::Outcome outcome, const std::vector<std::uint64_t>& written);
    std::vector<std::uint64_t> owners_of(const PageName& queued) const;

    StoreCore core_;
    std::string marks_;
    std::atomic<bool> off_ = false;
    // guarded by core_.mutex:
    std::condition_variable wake_;
    std::deque<Command> commands_;
    std::unordered_map<PageName, Queued, PageNameHash> queued_;
    std::vector<std::vector<std::byte>> buffers_;  // free ones
    std::size_t buffers_made_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> forgotten_;  // how many Forgets are on their way
    std::optional<PageName> root_;
    StoreCore::Time paused_until_{};
    bool paused_ = false;
    std::set<Doubt> told_;
    std::uint64_t read_pages_ = 0;
    std::uint64_t refused_pages_ = 0;
    bool stopping_ = false;
    bool dirty_ = false;  // the store's thread alone
    std::thread thread_;
};

}  // namespace tendril::engine
