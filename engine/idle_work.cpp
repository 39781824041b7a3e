// SPDX-License-Identifier: Apache-2.0
// Idle pieces.
#include "engine/idle_work.h"

#include <utility>

#include <spdlog/logger.h>

namespace tendril::engine {
namespace {

constexpr std::size_t kSamples = 5;  // of each M

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

void IdleWork::do_piece(const std::atomic<bool>& interrupt) {
    if (!meter_) {
        return;
    }
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
