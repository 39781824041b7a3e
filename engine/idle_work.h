// SPDX-License-Identifier: Apache-2.0
// What a loaded model does when nobody asks for anything, in pieces that can be broken off: t(M) is measured
// once and remembered. Engine thread; owned by the runtime.
#pragma once

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "engine/schedule/curve_meter.h"
#include "engine/schedule/remembered_curve.h"
#include "engine/schedule/scheduler.h"

namespace spdlog {
class logger;
}

namespace tendril::engine {

class IdleWork {
  public:
    /// All are borrowed; `log` may be null.
    IdleWork(ForwardPass& forward, KvCache& cache, Scheduler& scheduler, std::shared_ptr<spdlog::logger> log)
        : forward_(forward), cache_(cache), scheduler_(scheduler), log_(std::move(log)) {}
    ~IdleWork();  ///< waits for a file that is being written
    IdleWork(const IdleWork&) = delete;
    IdleWork& operator=(const IdleWork&) = delete;

    /// Takes t(M) from the folder if it is known there, else measures it in idle pieces and leaves it there.
    void learn_curve(const std::filesystem::path& folder, const std::optional<CurveKey>& key);
    /// Empty until known.
    const std::vector<CurvePoint>& curve() const { return curve_; }

    bool pending() const { return meter_ != nullptr; }
    /// One piece of a few milliseconds; `interrupt` breaks it off between two layers.
    void do_piece(const std::atomic<bool>& interrupt);
    void give_up() { meter_.reset(); }

  private:
    void keep_curve();

    ForwardPass& forward_;
    KvCache& cache_;
    Scheduler& scheduler_;
    std::shared_ptr<spdlog::logger> log_;
    std::vector<CurvePoint> curve_;
    std::unique_ptr<CurveMeter> meter_;  // while there is something to measure
    std::filesystem::path folder_;
    CurveKey key_;
    std::future<void> saving_;
};

}  // namespace tendril::engine
