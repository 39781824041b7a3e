// SPDX-License-Identifier: Apache-2.0
// What the random user does, and what must hold after it.
#include "tests/unit/cache/random_user.h"

#include <cmath>
#include <sstream>

namespace tendril::test {

using engine::CacheFaults;
using engine::CacheScope;

namespace {

constexpr std::size_t kMostTalks = 6;
constexpr std::size_t kMostTokens = 300;
constexpr std::size_t kMostKept = 400;
/// Moved keys were rounded to f16 at another angle.
constexpr float kMovedTolerance = 0.02F;

std::size_t common_prefix(std::span<const TokenId> a, std::span<const TokenId> b) {
    const std::size_t size = std::min(a.size(), b.size());
    return static_cast<std::size_t>(
        std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first - a.begin());
}

}  // namespace

RandomUser::RandomUser(const MachineOptions& options, engine::PageStore* store, unsigned seed, Fault fault)
    : machine_(options), store_(store), fault_(fault), move_(options.layers == 1), random_(seed) {
    for (int i = 0; i < 5; ++i) {
        std::vector<TokenId> block(kPageTokens);
        std::generate(block.begin(), block.end(), [&] { return static_cast<TokenId>(any(256)); });
        blocks_.push_back(std::move(block));
    }
    if (auto* const fake = dynamic_cast<FakeStore*>(store)) {
        fake->bytes = machine_.pages->page_bytes(PageGroup::full);
        fake->window_bytes = machine_.pages->page_bytes(PageGroup::window);
    }
    if (store_ != nullptr) {
        machine_.cache->attach(*store_);
    }
}

std::string RandomUser::run(std::size_t operations) {
    for (std::size_t i = 0; i < operations; ++i) {
        ++tally_.operations;
        std::string wrong = step();
        if (wrong.empty() && i % 16 == 0) {
            wrong = check_books();
        }
        if (!wrong.empty()) {
            return wrong + ", operation " + std::to_string(tally_.operations);
        }
    }
    const engine::CacheCounters counters = machine_.cache->counters();
    tally_.evicted += counters.evicted_pages;
    tally_.restored += counters.restored_pages;
    tally_.refused += counters.refused;
    return {};
}

std::string RandomUser::end() {
    talks_.clear();
    machine_.cache->forget_kept();
    const engine::KvCacheState state = machine_.cache->state();
    return state.pages_used + state.window_pages_used == 0 ? std::string() : "pages are left behind";
}

std::vector<TokenId> RandomUser::text(std::size_t most) {
    std::vector<TokenId> tokens;
    for (std::size_t blocks = any(4); blocks > 0; --blocks) {
        const std::vector<TokenId>& block = blocks_[any(blocks_.size())];
        tokens.insert(tokens.end(), block.begin(), block.end());
    }
    for (std::size_t tail = 1 + any(60); tail > 0; --tail) {
        tokens.push_back(static_cast<TokenId>(any(4)));  // often the same few: texts that part anywhere
    }
    tokens.resize(std::min(tokens.size(), most));
    return tokens;
}

CacheScope RandomUser::scope() {
    const std::size_t kind = any(8);
    return {owners_[any(owners_.size())], kind == 0};
}

/// What is forgotten is gone from the files a little later.
void RandomUser::wait_for_disk() {
    if (store_ != nullptr) {
        store_->wait_until_idle();
    }
}

std::string RandomUser::step() {
    if (talks_.empty()) {
        return start(text(kMostTokens), scope());
    }
    const std::size_t what = any(100);
    if (what < 50) {
        return go_on(pick());
    }
    if (what < 62) {
        return finish();
    }
    if (what < 74) {
        return start(text(kMostTokens), scope());
    }
    if (what < 80) {
        return fork();
    }
    if (what < 86) {
        return rewind();
    }
    if (what < 92) {
        return edit();
    }
    if (what < 95) {
        return !move_ ? edit() : any(2) == 0 ? move_text() : move_kept_text();
    }
    if (what < 97) {
        return squeeze();
    }
    if (what < 98) {
        break_something();
        return {};
    }
    return any(reopen ? 3 : 10) == 0 ? restart() : (any(4) == 0 ? forget() : go_on(pick()));
}

void RandomUser::drop(std::size_t index) {
    talks_.erase(talks_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::string RandomUser::start(std::vector<TokenId> tokens, CacheScope who) {
    if (talks_.size() == kMostTalks) {
        drop(any(talks_.size()));
    }
    Talk talk;
    talk.scope = who;
    talk.tokens = std::move(tokens);
    const std::size_t limit = talk.tokens.size() - 1;
    const std::uint64_t restored = machine_.cache->counters().restored_pages;
    talk.view = fault_ == Fault::without_parent
                    ? CacheFaults::match_without_parents(*machine_.cache, talk.tokens, limit)
                    : machine_.cache->match(talk.tokens, limit, talk.scope);
    tally_.reused += talk.view.length();
    if (fault_ == Fault::none) {
        if (std::string wrong = check_privacy(talk); !wrong.empty()) {
            return wrong;
        }
    }
    if (machine_.cache->counters().restored_pages > restored) {
        remember(talk, talk.tokens.size());  // what came from the disk for it is this owner's as well
    }
    talks_.push_back(std::move(talk));
    return read_pending(talks_.back());
}

/// Reads what is pending in steps, and compares what the last gives.
std::string RandomUser::read_pending(Talk& talk) {
    const std::size_t number = static_cast<std::size_t>(&talk - talks_.data());
    std::size_t mine = number;
    while (talks_[mine].view.length() < talks_[mine].tokens.size()) {
        Talk& now = talks_[mine];
        const std::size_t rows = std::min(now.tokens.size() - now.view.length(), 1 + any(64));
        if (!machine_.cache->make_room(now.view, rows)) {
            if (talks_.size() == 1) {
                return "one text alone does not fit";
            }
            const std::size_t victim = (mine + 1 + any(talks_.size() - 1)) % talks_.size();
            drop(victim);
            mine -= victim < mine ? 1 : 0;
            continue;
        }
        const std::size_t end = now.view.length() + rows;
        const std::vector<float> logits = machine_.read(now.view, now.tokens, end);
        if (any(4) == 0) {
            machine_.cache->publish(now.tokens, now.view, now.scope);
            remember(now, std::min(now.view.exact_length(), now.view.length()) / kPageTokens * kPageTokens);
        }
        if (end == now.tokens.size() && any(3) == 0) {
            return compare(now, logits);
        }
    }
    return {};
}

std::string RandomUser::go_on(Talk& talk) {
    const std::size_t more = std::min<std::size_t>(1 + any(24), kMostTokens - talk.tokens.size());
    for (std::size_t i = 0; i < more; ++i) {
        talk.tokens.push_back(static_cast<TokenId>(any(4)));
    }
    return read_pending(talk);
}

std::string RandomUser::fork() {
    if (talks_.size() == kMostTalks) {
        drop(any(talks_.size()));
    }
    const Talk& parent = pick();
    const std::size_t length = any(parent.view.length() + 1);
    if (!parent.view.resumable(length, machine_.window)) {
        return {};
    }
    ++tally_.forks;
    Talk child;
    child.scope = parent.scope;
    child.moved = parent.moved;
    child.tokens.assign(parent.tokens.begin(), parent.tokens.begin() + static_cast<std::ptrdiff_t>(length));
    child.view = parent.view.fork(length);
    talks_.push_back(std::move(child));
    return go_on(talks_.back());
}

std::string RandomUser::rewind() {
    Talk& talk = pick();
    const std::size_t length = any(talk.view.length() + 1);
    if (!talk.view.resumable(length, machine_.window)) {
        return {};
    }
    talk.view.rewind(length);
    talk.tokens.resize(length);
    return go_on(talk);
}

/// Another text from some place on, found by its tokens: a retry, an edit, or back to the other version.
std::string RandomUser::edit() {
    const std::size_t index = any(talks_.size());
    Talk& talk = talks_[index];
    std::vector<TokenId> tokens = talk.tokens;
    tokens.resize(any(tokens.size() + 1));
    const std::vector<TokenId> rest = text(kMostTokens - std::min(kMostTokens, tokens.size()));
    tokens.insert(tokens.end(), rest.begin(), rest.end());
    if (tokens.empty() || talk.moved) {
        return {};
    }
    const CacheScope who = talk.scope;
    if (any(2) == 0) {
        remember(talk, talk.view.length());
        machine_.cache->keep(talk.tokens, std::move(talk.view), who);
    }
    drop(index);
    return start(std::move(tokens), who);
}

/// A part of one text behind another. One layer's keys know nothing of what stands before them, so that only
/// the angle is left to be right.
std::string RandomUser::move_text() {
    Talk& talk = pick();
    const Talk& from = pick();
    if (&talk == &from || from.view.length() < 2) {
        return {};
    }
    const std::size_t begin = any(from.view.length() - 1);
    const std::size_t most = kMostTokens - std::min(kMostTokens, talk.tokens.size() + 20);
    const std::size_t size = std::min(1 + any(from.view.length() - begin), most);
    if (size == 0 || !may_share(from.scope, talk.scope)) {
        return {};
    }
    talk.view.append_segment(from.view, begin, begin + size);
    const auto first = from.tokens.begin() + static_cast<std::ptrdiff_t>(begin);
    talk.tokens.insert(talk.tokens.end(), first, first + static_cast<std::ptrdiff_t>(size));
    talk.moved = true;
    ++tally_.moved;
    if (fault_ == Fault::zero_delta) {
        CacheFaults::set_deltas(talk.view, 0);
    }
    return go_on(talk);
}

/// Likewise, of a text that is not running: what the cache knows of it.
std::string RandomUser::move_kept_text() {
    if (kept_.empty()) {
        return {};
    }
    Talk& talk = pick();
    const auto& [tokens, from] = kept_[any(kept_.size())];
    const View known = machine_.cache->match_elsewhere(tokens, talk.scope);
    Talk other;
    other.tokens = tokens;
    other.scope = talk.scope;
    other.view = known.fork(known.length());
    if (std::string wrong = check_privacy(other); !wrong.empty()) {
        return wrong;
    }
    const std::size_t most = kMostTokens - std::min(kMostTokens, talk.tokens.size() + 20);
    const std::size_t begin = known.empty() ? 0 : any(known.length());
    const std::size_t size = std::min(known.length() - begin, most);
    if (size == 0) {
        return {};
    }
    const std::size_t length = talk.view.length();
    talk.view.append_segment(known, begin, begin + size);
    if (!talk.view.resumable(talk.view.length(), machine_.window)) {
        talk.view.rewind(length);
        return {};
    }
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(begin);
    talk.tokens.insert(talk.tokens.end(), first, first + static_cast<std::ptrdiff_t>(size));
    talk.moved = true;
    ++tally_.moved;
    ++tally_.moved_kept;
    return go_on(talk);
}

std::string RandomUser::finish() {
    const std::size_t index = any(talks_.size());
    Talk talk = std::move(talks_[index]);
    drop(index);
    const std::size_t length = talk.view.length() - (any(4) == 0 ? any(talk.view.length() / 4 + 1) : 0);
    remember(talk, std::min(length, talk.view.exact_length()));
    machine_.cache->keep(std::span(talk.tokens).first(length), std::move(talk.view), talk.scope);
    if (store_ != nullptr && any(2) == 0) {
        machine_.cache->write_some(machine_.pages->page_bytes(PageGroup::full) * (1 + any(8)));
    }
    return {};
}

/// Much memory is wanted for a moment.
std::string RandomUser::squeeze() {
    View big = machine_.cache->make_view();
    static_cast<void>(machine_.cache->make_room(big, kPageTokens * (1 + any(8))));
    return {};
}

std::string RandomUser::forget() {
    ++tally_.forgets;
    if (any(3) == 0) {
        if (any(4) == 0) {
            machine_.cache->clear();
            wait_for_disk();
        } else if (store_ == nullptr) {
            machine_.cache->forget_kept();
        } else {
            return {};
        }
        kept_.clear();
        return {};
    }
    std::uint64_t& id = owners_[1 + any(owners_.size() - 1)];
    const std::uint64_t owner = id;
    id = *std::max_element(owners_.begin(), owners_.end()) + 1;  // who is forgotten does not come back
    machine_.cache->forget(owner);
    wait_for_disk();
    kept_.erase(std::remove_if(kept_.begin(), kept_.end(),
                               [owner](const auto& kept) { return kept.second.owner == owner; }),
                kept_.end());
    return {};
}

std::string RandomUser::restart() {
    ++tally_.restarts;
    if (std::string wrong = end(); !wrong.empty()) {
        return wrong;
    }
    const engine::CacheCounters counters = machine_.cache->counters();
    tally_.evicted += counters.evicted_pages;
    tally_.restored += counters.restored_pages;
    tally_.refused += counters.refused;
    machine_.cache = std::make_unique<KvCache>(*machine_.pages, machine_.window);
    if (reopen) {
        store_ = reopen();
    }
    if (store_ != nullptr) {
        machine_.cache->attach(*store_);
    }
    kept_.erase(
        std::remove_if(kept_.begin(), kept_.end(),
                       [&](const auto& kept) { return store_ == nullptr || kept.second.keep_private; }),
        kept_.end());
    return {};
}

void RandomUser::break_something() {
    if (fault_ == Fault::stale_page) {
        CacheFaults::reuse_page(*machine_.cache, any(1000));
    }
}

// --- what must hold ---

std::string RandomUser::compare(const Talk& talk, const std::vector<float>& logits) {
    ++tally_.compared;
    const std::vector<float>& want = machine_.read_anew(talk.tokens);
    if (talk.moved ? farthest(logits, want) < kMovedTolerance : same_bits(logits, want)) {
        return {};
    }
    std::ostringstream what;
    what << "other logits than without a cache, by " << farthest(logits, want) << " behind "
         << talk.tokens.size() << " tokens" << (talk.moved ? ", some of them moved" : "");
    return what.str();
}

/// Each reference is one of the tree's or of a view's.
std::string RandomUser::check_books() {
    if (std::string wrong = machine_.cache->tree().fault(); !wrong.empty()) {
        return wrong;
    }
    std::size_t full = CacheFaults::held(*machine_.cache, PageGroup::full);
    std::size_t window = CacheFaults::held(*machine_.cache, PageGroup::window);
    for (Talk& talk : talks_) {
        talk.view.rewind(talk.view.length());
        for (const engine::KvSegment& segment : talk.view.segments(0)) {
            full += segment.pages.size();
            window += static_cast<std::size_t>(std::count_if(segment.window_pages.begin(),
                                                             segment.window_pages.end(),
                                                             [](PageId p) { return p != kNoPage; }));
        }
    }
    const engine::PagePool& pool = machine_.cache->pool();
    const auto references = [&](PageGroup group) {
        std::size_t sum = 0;
        for (std::size_t page = 0; page < pool.page_count(group); ++page) {
            sum += pool.references(group, static_cast<PageId>(page));
        }
        return sum;
    };
    if (references(PageGroup::full) != full || references(PageGroup::window) != window) {
        return "there are references that nobody holds";
    }
    return {};
}

void RandomUser::remember(const Talk& talk, std::size_t length) {
    if (length == 0) {
        return;
    }
    if (kept_.size() == kMostKept) {  // they may all be known still: begin anew
        machine_.cache->clear();
        wait_for_disk();
        kept_.clear();
    }
    kept_.emplace_back(
        std::vector<TokenId>(talk.tokens.begin(), talk.tokens.begin() + static_cast<std::ptrdiff_t>(length)),
        talk.scope);
}

/// Nothing is known but what somebody kept who may share it, and who was not forgotten since.
std::string RandomUser::check_privacy(const Talk& talk) const {
    std::size_t most = 0;
    for (const auto& [tokens, from] : kept_) {
        if (may_share(from, talk.scope)) {
            most = std::max(most, common_prefix(tokens, talk.tokens));
        }
    }
    return talk.view.length() <= most ? std::string() : "something is known that nobody may know";
}

}  // namespace tendril::test
