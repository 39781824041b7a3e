// SPDX-License-Identifier: Apache-2.0
// What a loaded model does when nobody asks for anything, in pieces that can be broken off: pages go to the
// disk, t(M) is measured once and remembered, the vocabulary is made ready for grammars. Engine thread; owned
// by the runtime.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "engine/sample/grammar/grammar_pool.h"
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

    /// Makes what grammars need once nothing was asked for a second: else the first one waits for it.
    void index_vocabulary(grammar::GrammarPool& grammars);
    /// From now on pages are handed to the disk's queue.
    void write_pages() { writes_ = true; }
    /// A step was run: there may be new pages.
    void touched();

    using IdleClock = std::chrono::steady_clock;
    bool pending(IdleClock::time_point now) const;
    /// When something that has to wait may be tried again.
    std::optional<IdleClock::time_point> next_try() const;
    /// One piece of a few milliseconds; `interrupt` breaks it off between two layers.
    void do_piece(const std::atomic<bool>& interrupt);
    /// Hands all pages over that are not on the disk, as far as the disk takes them in that time.
    void flush(std::chrono::milliseconds most);
    void give_up();

  private:
    void measure(const std::atomic<bool>& interrupt);
    void keep_curve();

    ForwardPass& forward_;
    KvCache& cache_;
    Scheduler& scheduler_;
    std::shared_ptr<spdlog::logger> log_;
    grammar::GrammarPool* grammars_ = nullptr;  // until it is prepared
    IdleClock::time_point index_at_;
    bool writes_ = false;
    KvCache::Writing writing_ = KvCache::Writing::done;
    IdleClock::time_point retry_at_;  // while writing_ is later
    IdleClock::duration pause_{};
    std::vector<CurvePoint> curve_;
    std::unique_ptr<CurveMeter> meter_;  // while there is something to measure
    std::filesystem::path folder_;
    CurveKey key_;
    std::future<void> saving_;
};

}  // namespace tendril::engine
