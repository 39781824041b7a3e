// SPDX-License-Identifier: Apache-2.0
// Idle pieces.
#include "engine/idle_work.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <spdlog/logger.h>

namespace tendril::engine {
namespace {

constexpr auto kCalm = std::chrono::seconds(1);
constexpr std::size_t kSamples = 5;             // of each M
constexpr std::size_t kPieceBytes = 4U << 20U;  // copied in a few milliseconds
// Between two tries, while the disk takes nothing.
constexpr auto kShortestPause = std::chrono::milliseconds(50);
constexpr auto kLongestPause = std::chrono::seconds(10);

}  // namespace

IdleWork::~IdleWork() {
    if (saving_.valid()) {
        saving_.wait();
    }
}

void IdleWork::learn_curve(const std::filesystem::path& folder, const std::optional<CurveKey>& key) {
    if (folder.empty() || !key) {
        return;
    }
    folder_ = folder;
    key_ = *key;
    if (auto known = read_curve(folder_, key_)) {
        curve_ = std::move(*known);
        scheduler_.expect(curve_);
    } else {
        meter_ = std::make_unique<CurveMeter>(forward_, cache_, kSamples);
    }
}

void IdleWork::index_vocabulary(grammar::GrammarPool& grammars) {
    grammars_ = &grammars;
    index_at_ = IdleClock::now() + kCalm;
}

void IdleWork::touched() {
    index_at_ = IdleClock::now() + kCalm;
    if (writes_) {
        writing_ = KvCache::Writing::more;
        pause_ = kShortestPause;
    }
}

bool IdleWork::pending(IdleClock::time_point now) const {
    return meter_ != nullptr || writing_ == KvCache::Writing::more ||
           (writing_ == KvCache::Writing::later && now >= retry_at_) ||
           (grammars_ != nullptr && now >= index_at_);
}

std::optional<IdleWork::IdleClock::time_point> IdleWork::next_try() const {
    std::optional<IdleClock::time_point> next;
    if (writing_ == KvCache::Writing::later) {
        next = retry_at_;
    }
    if (grammars_ != nullptr) {
        next = std::min(next.value_or(index_at_), index_at_);
    }
    return next;
}

void IdleWork::do_piece(const std::atomic<bool>& interrupt) {
    const IdleClock::time_point now = IdleClock::now();
    if (writing_ == KvCache::Writing::more || (writing_ == KvCache::Writing::later && now >= retry_at_)) {
        writing_ = cache_.write_some(kPieceBytes);
        if (writing_ == KvCache::Writing::later) {
            retry_at_ = now + pause_;
            pause_ = std::min<IdleClock::duration>(2 * pause_, kLongestPause);
        } else {
            pause_ = kShortestPause;
        }
    } else if (grammars_ != nullptr && now >= index_at_) {
        std::exchange(grammars_, nullptr)->prepare();
    } else if (meter_) {
        measure(interrupt);
    }
}

void IdleWork::measure(const std::atomic<bool>& interrupt) {
    if (meter_->step(interrupt) == CurveMeter::Outcome::no_room) {
        meter_.reset();  // at the next load perhaps
        return;
    }
    if (meter_->done()) {
        curve_ = meter_->result();
        meter_.reset();
        scheduler_.expect(curve_);
        keep_curve();
    }
}

void IdleWork::flush(std::chrono::milliseconds most) {
    if (!writes_) {
        return;
    }
    const IdleClock::time_point end = IdleClock::now() + most;
    while (cache_.write_some(kPieceBytes) != KvCache::Writing::done && IdleClock::now() < end) {
        // The queue is full, or the model's hash is not known yet: both end by themselves.
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

void IdleWork::give_up() {
    grammars_ = nullptr;
    meter_.reset();
    writing_ = KvCache::Writing::done;
}

/// On a thread of its own: a disk may take longer than anybody should wait.
void IdleWork::keep_curve() {
    if (log_) {
        log_->info("step times measured: 1 row {:.2f} ms, 8 rows {:.2f} ms, 32 rows {:.2f} ms",
                   curve_.front().step_ms, curve_[5].step_ms, curve_.back().step_ms);
    }
    saving_ = std::async(std::launch::async, [folder = folder_, key = key_, curve = curve_, log = log_] {
        const Status status = write_curve(folder, key, curve);
        if (!status && log) {
            log->warn("{} ({})", status.error().message, status.error().detail);
        }
    });
}

}  // namespace tendril::engine
