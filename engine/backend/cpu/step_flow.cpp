// SPDX-License-Identifier: Apache-2.0
// Steps of many rows; see step_flow.h.
#include "engine/backend/cpu/step_flow.h"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace tendril::engine {
namespace {

// A block reads all weights of a layer and decodes them for its rows: from the least on that is cheap beside
// the products, and more than the most would not make it cheaper.
constexpr std::size_t kLeastRows = 24;
constexpr std::size_t kMostRows = 64;
// Blocks for each thread, where the rows are enough: one that lost its core then delays half as much.
constexpr std::size_t kBlocksPerThread = 2;
constexpr std::size_t kUsualLayers = 128;  // reserved; more are taken once
constexpr std::size_t kLeastWidth = 512;   // of which pieces of gate and up are, whatever the model's width

constexpr std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

bool same(Rows a, Rows b) {
    return a.data == b.data && a.rows == b.rows && a.width == b.width;
}

/// Of rows [first, first + count), the range that holds all wanted ones.
std::pair<std::size_t, std::size_t> wanted_of(const Residual& last, std::size_t first, std::size_t count) {
    if (!last.wanted) {
        return {first, count};
    }
    const auto begin = std::lower_bound(last.wanted->begin(), last.wanted->end(), first);
    const auto end = std::lower_bound(begin, last.wanted->end(), first + count);
    if (begin == end) {
        return {first, 0};
    }
    return {*begin, *(end - 1) - *begin + 1};
}

/// Where the first row of the step lies.
std::size_t first_slot(const StepView& view) {
    const KvSegment& last = view.segments.back();
    return last.first_slot + last.length - view.row_count;
}

}  // namespace

Status StepFlow::reserve(std::size_t max_rows, std::size_t max_width) {
    layers_.reserve(kUsualLayers);
    order_.reserve(divide_up(max_rows, kLeastRows) + 1);
    attention_.reserve_part(kMostRows);
    const BlockWidths most = {2 * max_width + kLeastWidth, max_width, max_width};
    return take(most.bytes(kMostRows) * pool_.threads());
}

Status StepFlow::take(std::size_t bytes) {
    if (memory_ != nullptr && memory_->size() >= bytes) {
        return {};
    }
    auto memory = HugeMemory::take_scratch(bytes);
    if (!memory) {
        return fail(memory.error());
    }
    memory_ = std::move(*memory);
    return {};
}

bool StepFlow::begin(const StepPlan& plan) {
    const std::size_t threads = pool_.threads();
    if (plan.rows() < threads * kLeastRows) {
        return false;
    }
    const std::size_t fair = divide_up(plan.rows(), threads * kBlocksPerThread);
    each_ = std::clamp(divide_up(fair, kTile) * kTile, kLeastRows, kMostRows);
    plan_ = &plan;
    shift_ = plan.views.size() == 1 ? first_slot(plan.views.front()) % each_ : 0;
    layers_.clear();
    calls_ = 0;
    widths_ = {};
    return true;
}

bool StepFlow::note(KvPages& pages, const HeadProjection& heads) {
    if (calls_ % 5 != 0 || (!layers_.empty() && !same(layers_.back().heads.in.rows, heads.in.rows))) {
        return false;
    }
    LayerCalls& layer = layers_.emplace_back();
    layer.pages = &static_cast<CpuKvPages&>(pages);
    layer.heads = heads;
    if (heads.embedding != nullptr) {
        layer.embedding = *heads.embedding;
    }
    calls_ = 1;
    return true;
}

bool StepFlow::note(const AttentionSettings& settings, Rows q, Rows out) {
    if (calls_ != 1 || !same(layers_.back().heads.query.out, q)) {
        return false;
    }
    layers_.back().attention = settings;
    layers_.back().attended = out;
    calls_ = 2;
    return true;
}

bool StepFlow::note(const Residual& residual) {
    if (calls_ != 2 && calls_ != 4) {
        return false;
    }
    LayerCalls& layer = layers_.back();
    const Rows& in = calls_ == 2 ? layer.attended : layer.gated.gate.out;
    if (!same(in, residual.in) || !same(layer.heads.in.rows, residual.to)) {
        return false;
    }
    (calls_ == 2 ? layer.output : layer.down) = residual;
    ++calls_;
    return true;
}

bool StepFlow::note(const GatedProjection& gated) {
    if (calls_ != 3 || !same(layers_.back().heads.in.rows, gated.in.rows)) {
        return false;
    }
    layers_.back().gated = gated;
    calls_ = 4;
    return true;
}

StepFlow::Rest StepFlow::settle() {
    Rest rest;
    if (calls_ % 5 != 0) {
        rest = {layers_.back(), calls_, plan_};
        layers_.pop_back();
    }
    if (!layers_.empty() && !run()) {
        rest.calls = 0;
    }
    layers_.clear();
    calls_ = 0;
    return rest;
}

/// False: given up.
bool StepFlow::run() {
    for (LayerCalls& layer : layers_) {
        layer.heads.embedding = layer.heads.embedding != nullptr ? &layer.embedding : nullptr;
        widths_.cover(layer);
    }
    // Takes memory only if the engine did not reserve.
    [[maybe_unused]] const Status enough = take(widths_.bytes(each_) * pool_.threads());
    assert(enough);
    const std::size_t blocks = block_of(plan_->rows() - 1) + 1;
    order_.begin(blocks, static_cast<std::uint32_t>(layers_.size() + 1),
                 [&](std::size_t block) { return plan_->views.size() == 1 ? needed(block) : blocks; });
    std::atomic<bool> whole{true};
    pool_.run(pool_.threads(), [&](std::size_t, unsigned thread) {
        while (const auto turn = order_.take()) {
            if (plan_->interrupt != nullptr && plan_->interrupt->load(std::memory_order_relaxed)) {
                whole.store(false, std::memory_order_relaxed);
                order_.give_up();
                return;
            }
            stage(*turn, thread);
            order_.done(*turn);
        }
    });
    return whole.load(std::memory_order_relaxed);
}

/// Blocks of a lone view end where pages do, if they can.
StepFlow::Block StepFlow::block(std::size_t index) const {
    const std::size_t first = std::max(index * each_, shift_) - shift_;
    return {first, std::min((index + 1) * each_ - shift_, plan_->rows()) - first};
}

/// Blocks whose keys and values a block of a lone view reads, counted from the first. Attention loads whole
/// pages, also the places behind what a row sees: nobody may write them meanwhile.
std::size_t StepFlow::needed(std::size_t index) const {
    const std::size_t slot = first_slot(plan_->views.front());
    const Block own = block(index);
    const std::size_t page_end = divide_up(slot + own.first + own.rows, kPageTokens) * kPageTokens - slot;
    return block_of(std::min(page_end, plan_->rows()) - 1) + 1;
}

/// Stage s is what layer s - 1 does behind its keys and values, and the projection of layer s.
void StepFlow::stage(const BlockOrder::Turn& turn, unsigned thread) const {
    const auto [first, count] = block(turn.block);
    std::uint8_t* memory = memory_->data() + thread * widths_.bytes(each_);
    LayerRows::Work work{*plan_, first, count, thread, memory, widths_};
    const bool ends = turn.stage == layers_.size();
    if (turn.stage > 0) {
        const LayerCalls& layer = layers_[turn.stage - 1];
        if (ends) {
            std::tie(work.first, work.count) = wanted_of(layer.down, first, count);
        }
        if (work.count > 0) {
            rows_.attend_and_feed(layer, work);
        }
    }
    if (!ends) {
        rows_.project_heads(layers_[turn.stage], work);
    }
}

}  // namespace tendril::engine
