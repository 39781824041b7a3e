// SPDX-License-Identifier: Apache-2.0
// The step loop: packs the rows of all running tasks into steps (one row for each that decodes, its guesses,
// chunks of prompts), and hands the logits back. Interactive tasks run before background ones. When pages are
// short, the youngest task pauses and its rows are read again later; the text stays the same. Stretches of a
// prompt that were read elsewhere are put where they belong, and rows go on behind them. Owned by the engine
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "engine/cache/kv_cache.h"
#include "engine/model/forward.h"
#include "engine/schedule/step_cost.h"
#include "engine/schedule/task.h"

namespace tendril::engine {

struct SchedulerSettings {
    std::size_t max_active = 32;  ///< tasks that hold pages at once
    double mixed_step_ms = 60;    ///< of a step in which somebody waits for the next token
    double prefill_step_ms =
        200;  ///< of a step that only reads prompts; a cancel interrupts it between two layers anyway
    double background_layer_ms =
        8;  ///< of a step that nobody waits for: it can be broken off between two layers only
    double background_step_ms = 150;  ///< of the whole of it, which is lost then
    std::size_t least_background = 8;
    /// Told what the cache knew of a request's text, for the log. May be empty.
    std::function<void(RequestId, const MatchReport&)> matched;
    /// Asked after each step, before anybody hears of its results: an error ends all tasks with it.
    std::function<Status()> check;
    std::size_t least_chunk = 16;  ///< prompt rows of a mixed step
    std::size_t least_prefill =
        96;  ///< prompt rows of a prefill step: below it weights are read too often for too little
};

class Scheduler {
  public:
    Scheduler(ForwardPass& forward, KvCache& cache, SchedulerSettings settings = {});

    void add(std::unique_ptr<Task> task);
    /// Ends the task with its last event. False: no such task.
    bool cancel(RequestId id);
    void cancel_all();
    void fail_all(const Error& error);
    /// What this owner's tasks have read is not kept; they go on. Tasks that come later are not meant.
    void forget(std::uint64_t owner);
    bool idle() const { return active_.empty() && waiting_.empty(); }
    bool interactive_active() const;  ///< otherwise an interactive request may break off the step that runs
    /// A person waits for one that is to run, now or after the next step.
    bool interactive_ready() const;
    /// The next step is of tasks that nobody waits for: a cancel need not break it off.
    bool unhurried() const;

    /// One step, or nothing when idle. An interrupted step has no effect and is done again by the next call.
    void step(const std::atomic<bool>& interrupt);

    const StepCost& cost() const { return cost_; }
    /// Done since the start, broken steps not counted.
    struct Work {
        std::uint64_t steps = 0;
        std::uint64_t rows = 0;
    };
    const Work& work() const { return work_; }
    /// t(M) as measured, for the policies to use from the first step on.
    void expect(std::span<const CurvePoint> curve);

  private:
    /// Consecutive rows of a part; moved stretches stand between two runs.
    struct Run {
        std::size_t position = 0;
        std::size_t rows = 0;
    };
    struct Part {
        Task* task = nullptr;
        std::size_t rows = 0;             // of its pending tokens
        std::span<const TokenId> drafts;  // guessed rows behind them
        std::size_t first_row = 0;
        std::size_t accepted = 0;
        bool prompt = false;  // its rows take their turn; otherwise they are what was drawn or forced last
        std::size_t first_run = 0;
        std::size_t runs = 0;  // 0: its rows are consecutive
    };
    void admit();
    bool find_leader(Task& task);
    void follow();
    void catch_up();
    Task* find_active(RequestId id);
    View look_up(const Task& task);
    void take_longer_match(Task& task);
    std::size_t background_rows(std::size_t other_rows, std::size_t most) const;
    void begin(Task& task);
    void find_stretches(Task& task);
    void move_stretches();
    void append_stretches(Task& task);
    std::size_t add_prefill(Task& task, std::size_t budget);
    bool reserve(const Part& part);
    static void take_back(Task& task);
    static void settle(Task& task);
    bool do_piece();
    void choose_parts();
    void choose_prefill(std::size_t other_rows, bool interactive_only);
    void reserve_pages();
    bool pause_for(Task& task);
    void pause(std::size_t index);
    void lay_out_rows();
    void lay_out(const Run& run, Task& task, std::span<const TokenId> drafts,
                 std::span<const KvSegment> segments);
    bool sound();
    bool hand_out_logits();
    bool draw_block(std::size_t first, std::size_t count);
    std::size_t block_of(std::size_t first, std::size_t most, bool states) const;
    void close_step();
    std::size_t prompt_to_keep(const Task& task) const;
    void release(Task& task);
    void drop_finished();

    ForwardPass& forward_;
    KvCache& cache_;
    SchedulerSettings settings_;
    StepCost cost_;
    Work work_;
    std::vector<std::unique_ptr<Task>> active_;  // the oldest first
    std::deque<std::unique_ptr<Task>> waiting_;
    bool crowded_ = false;  // a task was paused; none is admitted until one ends

    // One step; kept to spare allocations.
    std::vector<Part> parts_;
    std::vector<Run> runs_;
    std::vector<TokenId> tokens_;
    std::vector<std::int32_t> positions_;
    std::vector<StepView> views_;
    std::vector<std::uint32_t> wanted_;
    std::vector<StepWatch> watches_;
    std::vector<Draw> draws_;
    std::vector<TokenId> drawn_;
};

}  // namespace tendril::engine
