// SPDX-License-Identifier: Apache-2.0
// Packing rows into steps, and steps back into tasks.
#include "engine/schedule/scheduler.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tendril::engine {
namespace {

bool interactive(const Task& task) {
    return task.priority() == Priority::interactive;
}

bool writes(const Task& task) {
    return task.pending() > 0 && task.pending() <= task.rows_at_once();
}

}  // namespace

Scheduler::Scheduler(ForwardPass& forward, KvCache& cache, SchedulerSettings settings)
    : forward_(forward), cache_(cache), settings_(std::move(settings)) {
    const std::size_t rows = forward.limits().max_rows;
    settings_.max_active = std::min(settings_.max_active, rows);
    parts_.reserve(settings_.max_active);
    runs_.reserve(rows);
    views_.reserve(rows);  // a part has a view for each run
    tokens_.reserve(rows);
    positions_.reserve(rows);
    wanted_.reserve(rows);
    watches_.reserve(settings_.max_active);
    draws_.reserve(forward.limits().max_logit_rows);
    drawn_.reserve(forward.limits().max_logit_rows);
}

void Scheduler::add(std::unique_ptr<Task> task) {
    if (interactive(*task)) {
        const auto first_background = std::find_if(waiting_.begin(), waiting_.end(),
                                                   [](const auto& other) { return !interactive(*other); });
        waiting_.insert(first_background, std::move(task));
    } else {
        waiting_.push_back(std::move(task));
    }
}

bool Scheduler::interactive_active() const {
    return std::any_of(active_.begin(), active_.end(), [](const auto& task) { return interactive(*task); });
}

bool Scheduler::interactive_ready() const {
    return interactive_active() || (!waiting_.empty() && interactive(*waiting_.front()));
}

bool Scheduler::unhurried() const {
    const auto calm = [](const auto& task) { return task->unhurried(); };
    return std::all_of(active_.begin(), active_.end(), calm) &&
           std::all_of(waiting_.begin(), waiting_.end(), calm);
}

void Scheduler::expect(std::span<const CurvePoint> curve) {
    for (const CurvePoint& point : curve) {
        if (!cost_.knows(point.rows)) {
            cost_.record(point.rows, point.step_ms);
        }
    }
}

bool Scheduler::cancel(RequestId id) {
    const auto same = [id](const auto& task) { return task->id() == id; };
    if (const auto found = std::find_if(waiting_.begin(), waiting_.end(), same); found != waiting_.end()) {
        (*found)->cancel();
        waiting_.erase(found);
        return true;
    }
    if (const auto found = std::find_if(active_.begin(), active_.end(), same); found != active_.end()) {
        (*found)->cancel();
        drop_finished();
        return true;
    }
    return false;
}

void Scheduler::cancel_all() {
    for (auto& task : waiting_) {
        task->cancel();
    }
    waiting_.clear();
    for (auto& task : active_) {
        task->cancel();
    }
    drop_finished();
}

void Scheduler::fail_all(const Error& error) {
    for (auto& task : waiting_) {
        task->fail_with(error);
    }
    waiting_.clear();
    for (auto& task : active_) {
        task->fail_with(error);
    }
    drop_finished();
}

void Scheduler::step(const std::atomic<bool>& interrupt) {
    admit();
    follow();
    catch_up();
    move_stretches();
    drop_finished();  // whose text was known already; to be paused they would have to be unfinished
    choose_parts();
    reserve_pages();
    if (parts_.empty()) {
        do_piece();
        drop_finished();
        return;
    }
    lay_out_rows();
    const Clock::time_point start = Clock::now();
    const StepPlan plan{views_, positions_};
    if (!forward_.run(tokens_, plan, wanted_, interrupt, watches_)) {
        for (const Part& part : parts_) {
            take_back(*part.task);
        }
        return;
    }
    if (!sound()) {
        return;
    }
    for (const Part& part : parts_) {
        settle(*part.task);  // before an answer of one token ends
    }
    if (!hand_out_logits()) {
        return;
    }
    cost_.record(tokens_.size(), milliseconds_between(start, Clock::now()));
    ++work_.steps;
    work_.rows += tokens_.size();
    close_step();
    drop_finished();
}

void Scheduler::admit() {
    while (!waiting_.empty()) {
        // Background tasks wait for the others. After a shortage nobody comes in but an interactive task that
        // meets none of its kind.
        const bool only_interactive = interactive_active();
        const bool first_interactive = interactive(*waiting_.front());
        if ((only_interactive && !first_interactive) ||
            (crowded_ && (only_interactive || !first_interactive))) {
            return;
        }
        if (active_.size() >= settings_.max_active) {
            const auto background = std::find_if(active_.rbegin(), active_.rend(),
                                                 [](const auto& other) { return !interactive(*other); });
            if (!first_interactive || background == active_.rend()) {
                return;
            }
            pause(static_cast<std::size_t>(std::distance(background, active_.rend())) - 1);
        }
        active_.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
        Task& task = *active_.back();
        task.view = look_up(task);
        task.restored = cache_.last_match().restored;
        if (!find_leader(task)) {
            begin(task);
            drop_finished();
        }
    }
}

void Scheduler::choose_parts() {
    parts_.clear();
    runs_.clear();
    const bool only_interactive = interactive_active();
    std::size_t rows = 0;
    const std::size_t max_rows = forward_.limits().max_rows;
    for (const auto& task : active_) {
        if (only_interactive && !interactive(*task)) {
            task->passed_over = true;
            continue;
        }
        const std::size_t pending = task->pending();
        if (!writes(*task) || task->following.leader != 0 || rows + pending > max_rows) {
            continue;
        }
        Part part{task.get(), pending, {}, 0, 0, false, 0, 0};
        part.drafts = task->drafts(max_rows - rows - pending, rows + pending - 1, cost_);
        rows += pending + part.drafts.size();
        parts_.push_back(part);
    }
    choose_prefill(rows, only_interactive);
}

/// Prompts share what is left of the step, the oldest first.
void Scheduler::choose_prefill(std::size_t other_rows, bool interactive_only) {
    const std::size_t most = forward_.limits().max_rows - other_rows;
    const bool mixed = other_rows > 0;
    std::size_t budget =
        interactive_only
            ? cost_.prefill_rows(other_rows, mixed ? settings_.mixed_step_ms : settings_.prefill_step_ms,
                                 mixed ? settings_.least_chunk : settings_.least_prefill, most)
            : background_rows(other_rows, most);
    for (const auto& task : active_) {
        if (budget == 0) {
            return;
        }
        if (task->pending() == 0 || writes(*task) || task->following.leader != 0 ||
            (interactive_only && !interactive(*task))) {
            continue;
        }
        budget -= add_prefill(*task, budget);
    }
}

/// So few that a step that nobody waits for gives way within a layer, and that little is lost when it does.
std::size_t Scheduler::background_rows(std::size_t other_rows, std::size_t most) const {
    const double layers = static_cast<double>(forward_.config().layers);
    const double target = std::min(settings_.background_step_ms, layers * settings_.background_layer_ms);
    return cost_.prefill_rows(other_rows, target, settings_.least_background, most);
}

void Scheduler::reserve_pages() {
    for (std::size_t i = 0; i < parts_.size();) {
        Task& task = *parts_[i].task;
        if (reserve(parts_[i])) {
            ++i;
            continue;
        }
        if (!parts_[i].drafts.empty()) {
            parts_[i].drafts = {};
        } else if (!pause_for(task)) {
            return;
        }
        // Parts of paused tasks are gone; this one is still at place i, or was itself paused.
        i = 0;
    }
}

/// Pauses the youngest task, background ones first, so that `task` or an older one can go on. False: nobody
/// is left to run.
bool Scheduler::pause_for(Task& task) {
    auto victim = std::find_if(active_.rbegin(), active_.rend(),
                               [](const auto& other) { return !interactive(*other); });
    if (victim == active_.rend()) {
        victim = active_.rbegin();
    }
    Task& paused = **victim;
    parts_.erase(
        std::remove_if(parts_.begin(), parts_.end(), [&](const Part& part) { return part.task == &paused; }),
        parts_.end());
    if (active_.size() == 1 && !task.moved().empty()) {
        // Moved text lies in more pages than text that was read here.
        task.forget_moved();
        crowded_ = false;
        pause(0);
        return false;
    }
    if (active_.size() == 1) {
        assert(&paused == &task);
        task.fail_with({ErrorCode::out_of_memory,
                        "The memory for the conversation is too small for this request.",
                        "no KV page left for a single task"});
        return false;
    }
    pause(static_cast<std::size_t>(std::distance(victim, active_.rend())) - 1);
    crowded_ = true;
    return true;
}

/// What it has read is kept as long as there is room; the rest is read again later.
void Scheduler::pause(std::size_t index) {
    std::unique_ptr<Task> owner = std::move(active_[index]);
    active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(index));
    release(*owner);
    owner->paused();
    owner->following = {};
    if (interactive(*owner)) {
        waiting_.push_front(std::move(owner));
    } else {
        add(std::move(owner));
    }
}

void Scheduler::lay_out_rows() {
    tokens_.clear();
    positions_.clear();
    views_.clear();
    wanted_.clear();
    watches_.clear();
    for (Part& part : parts_) {
        Task& task = *part.task;
        part.first_row = tokens_.size();
        if (std::optional<StepWatch> watch = task.watch()) {
            watch->view = views_.size();
            watches_.push_back(*watch);
        }
        if (part.runs == 0) {
            lay_out({task.view.length(), part.rows}, task, part.drafts,
                    task.view.segments(part.rows + part.drafts.size()));
            continue;
        }
        // Each run sees the segments up to its own end, which the next moved stretch stands behind.
        const std::span<const Run> runs = std::span(runs_).subspan(part.first_run, part.runs);
        const std::span<const KvSegment> all = task.view.segments(runs.back().rows);
        std::size_t shown = 0;
        std::size_t end = task.view.gap();
        for (const Run& run : runs) {
            while (end < run.position + run.rows) {
                end += all[shown++].length;
            }
            assert(end == run.position + run.rows);
            lay_out(run, task, {}, all.first(shown));
        }
    }
}

void Scheduler::lay_out(const Run& run, Task& task, std::span<const TokenId> drafts,
                        std::span<const KvSegment> segments) {
    const std::size_t first_row = tokens_.size();
    const std::size_t rows = run.rows + drafts.size();
    const std::span<const TokenId> known = task.tokens().subspan(run.position, run.rows);
    tokens_.insert(tokens_.end(), known.begin(), known.end());
    tokens_.insert(tokens_.end(), drafts.begin(), drafts.end());
    for (std::size_t i = 0; i < rows; ++i) {
        positions_.push_back(static_cast<std::int32_t>(run.position + i));
        if (task.wants_logits(run.position + i)) {
            wanted_.push_back(static_cast<std::uint32_t>(first_row + i));
        }
    }
    views_.push_back({first_row, rows, run.position - task.view.gap(), segments});
}

/// Logits come in blocks. A guessed row counts only when all drawn before it equals what it guessed.
/// False: what was computed may be wrong, and all requests have ended in words.
bool Scheduler::sound() {
    const Status status = settings_.check ? settings_.check() : Status();
    if (!status) {
        fail_all(status.error());
    }
    return status.has_value();
}

/// False as sound(): a device's errors show when its results are fetched.
bool Scheduler::hand_out_logits() {
    const std::size_t block = forward_.limits().max_logit_rows;
    std::size_t part_index = 0;
    const auto part_of = [&](std::size_t row) -> Part& {
        while (row >=
               parts_[part_index].first_row + parts_[part_index].rows + parts_[part_index].drafts.size()) {
            ++part_index;
        }
        return parts_[part_index];
    };
    for (std::size_t first = 0; first < wanted_.size();) {
        const bool states = part_of(wanted_[first]).task->wants_states();
        const std::size_t count = block_of(first, block, states);
        const bool drawn = !states && draw_block(first, count);
        const std::span<float> values = drawn    ? std::span<float>()
                                        : states ? forward_.states(first, count)
                                                 : forward_.logits(first, count);
        const std::size_t width = values.size() / count;
        if (!sound()) {
            return false;
        }
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t row = wanted_[first + i];
            Part& part = part_of(row);
            const std::size_t offset = row - part.first_row;
            if (part.task->finished()) {
                continue;
            }
            const auto position = static_cast<std::size_t>(positions_[row]);
            if (offset >= part.rows) {  // a guess
                const std::span<const TokenId> known = part.task->tokens();
                if (part.accepted != offset - part.rows || position >= known.size() ||
                    known[position] != tokens_[row]) {
                    continue;
                }
                ++part.accepted;
            }
            if (drawn) {
                part.task->take_drawn(position, drawn_[i]);
            } else {
                part.task->take(position, values.subspan(i * width, width));
            }
        }
        first += count;
    }
    return true;
}

/// How many wanted rows from `first` on, at most `most`, belong to tasks that want the same.
std::size_t Scheduler::block_of(std::size_t first, std::size_t most, bool states) const {
    std::size_t end = first;
    for (const Part& part : parts_) {
        const std::size_t last = part.first_row + part.rows + part.drafts.size();
        if (last <= wanted_[first]) {
            continue;
        }
        if (part.task->wants_states() != states) {
            break;
        }
        while (end < wanted_.size() && end - first < most && wanted_[end] < last) {
            ++end;
        }
    }
    return end - first;
}

void Scheduler::close_step() {
    for (Part& part : parts_) {
        Task& task = *part.task;
        task.view.advance((part.runs == 0 ? part.rows : runs_[part.first_run + part.runs - 1].rows) +
                          part.accepted);
        task.view.rewind(task.view.length());  // pages that only rejected guesses needed
        if (part.prompt && task.pending() <= task.rows_at_once()) {
            // The prompt is read: others may share its full pages while this task goes on writing behind
            // them.
            const std::size_t kept = prompt_to_keep(task);
            cache_.keep(task.tokens().first(kept), task.view.fork(kept), task.scope());
        }
        task.step_done(part.drafts.size(), part.accepted);
    }
}

/// Its full pages. With windows the whole of it, so that another answer goes on right behind it: by then the
/// window pages of a long first answer's beginning are gone. That costs a copy of the last page, and is not
/// done when pages are short.
std::size_t Scheduler::prompt_to_keep(const Task& task) const {
    const PagePool& pool = cache_.pool();
    const bool whole =
        pool.windowed() && pool.free_count(PageGroup::full) > 1 && pool.free_count(PageGroup::window) > 1;
    const std::size_t length = std::min(task.view.length(), task.worth_keeping());
    return whole ? length : task.view.whole_pages(length);
}

/// Keeps what the task has in its view for later requests.
void Scheduler::release(Task& task) {
    take_back(task);
    task.stretches.clear();
    const std::size_t most = task.finished() ? task.worth_keeping() : task.worth_keeping_for_itself();
    const std::size_t length = std::min(task.view.length(), most);
    if (length > 0 && length >= task.view.frozen().length) {
        cache_.keep(task.tokens().first(length), std::move(task.view), task.scope());
    }
    task.view = cache_.make_view();
    if (task.finished()) {
        task.set_pruned(View());
    }
}

/// Of a task that is to run and has no rows now.
bool Scheduler::do_piece() {
    const bool only_interactive = interactive_active();
    for (const auto& task : active_) {
        if (task->has_piece() && !task->finished() && (!only_interactive || interactive(*task))) {
            task->do_piece();
            return true;
        }
    }
    return false;
}

void Scheduler::drop_finished() {
    for (auto& task : active_) {
        if (task->finished()) {
            release(*task);
            crowded_ = false;
        }
    }
    active_.erase(
        std::remove_if(active_.begin(), active_.end(), [](const auto& task) { return task->finished(); }),
        active_.end());
}

}  // namespace tendril::engine
