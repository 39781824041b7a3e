// SPDX-License-Identifier: Apache-2.0
// Attention over the pool; see attention.h.
#include "engine/backend/cpu/attention.h"

#include <cassert>
#include <limits>
#include <utility>

#include "engine/backend/cpu/attention_queries.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kQueries = 128;                      // of a unit: rows x heads, at most
constexpr std::size_t kTileQueries = 48;                   // as many as make a page's load cheap
constexpr std::size_t kChunk = 8;                          // ordinals that are merged among themselves first
constexpr std::size_t kPartFloats = std::size_t{1} << 20;  // for the parts of split units
constexpr std::size_t kAlone = std::size_t{160}
                               << 10;        // multiplications below which a fork costs more than it gains
constexpr std::size_t kMostUnitsOfRow = 16;  // reserved; more where there are more key/value heads
constexpr std::size_t kPageLoad = 6;         // what a page's load costs, in queries

constexpr std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

/// Floats of one thread: see scratch().
constexpr std::size_t scratch_floats(std::size_t padded) {
    return kQueries * padded * 5 + kPageTokens * padded + 2 * kQueries * kPageTokens + kQueries * 10;
}

/// Of a part of `count` queries: its mix, maxima and sums, in whole cache lines.
constexpr std::size_t part_floats(std::size_t count, std::size_t padded) {
    return divide_up(count * (padded + 2), 16) * 16;
}

void clear_state(const AttentionState& state, std::size_t count) {
    std::fill_n(state.out, count * state.padded, 0.0F);
    std::fill_n(state.maximum, count, -std::numeric_limits<float>::infinity());
    std::fill_n(state.sum, count, 0.0F);
}

/// The same state from a query on.
AttentionState from_query(const AttentionState& state, std::size_t first) {
    return {state.out + first * state.padded, state.maximum + first, state.sum + first, state.padded};
}

}  // namespace

struct CpuAttention::Step {
    const CpuKvPages& pages;
    const AttentionSettings& settings;
    const StepPlan& plan;
    const AttentionPlan& clusters;
    Rows q;
    Rows out;  // of the step's rows from `first_row` on
    std::size_t first_row;

    std::size_t size() const { return pages.layout().head_size; }
    std::size_t padded() const { return pages.padded(); }
    PageGroup group() const { return pages.layout().group(settings.layer); }
};

struct CpuAttention::Scratch {
    AttentionState part, chunk, state;
    float* queries;
    QueryBlock* whole_queries;
    float* unpacked;
    float* scores;
    float* weights;
    std::int32_t* begin;
    std::int32_t* end;
    std::int32_t* delta;  // [blocks] that the block's queries were turned back by
};

std::size_t CpuAttention::Unit::first_chunk() const {
    return cluster->first_ordinal / kChunk;
}

std::size_t CpuAttention::Unit::chunks() const {
    return cluster->last_ordinal / kChunk - first_chunk() + 1;
}

/// `padded`: of the step, from query to query.
CpuAttention::Scratch CpuAttention::scratch(unsigned thread, std::size_t padded) const {
    float* at = reinterpret_cast<float*>(memory_->data()) + thread * scratch_floats(padded_);
    const auto next = [&at](std::size_t count) { return std::exchange(at, at + count); };
    Scratch s{};
    for (AttentionState* state : {&s.part, &s.chunk, &s.state}) {
        *state = {next(kQueries * padded_), nullptr, nullptr, padded};
    }
    s.queries = next(kQueries * padded_);
    s.whole_queries = reinterpret_cast<QueryBlock*>(next(kQueries * padded_));
    s.unpacked = next(kPageTokens * padded_);
    s.scores = next(kQueries * kPageTokens);
    s.weights = next(kQueries * kPageTokens);
    for (AttentionState* state : {&s.part, &s.chunk, &s.state}) {
        state->maximum = next(kQueries);
        state->sum = next(kQueries);
    }
    s.begin = reinterpret_cast<std::int32_t*>(next(kQueries));
    s.end = reinterpret_cast<std::int32_t*>(next(kQueries));
    s.delta = reinterpret_cast<std::int32_t*>(next(kQueries));
    return s;
}

Status CpuAttention::reserve_heads(const KvLayout& layout) {
    static_assert(sizeof(QueryBlock) <= 32 * sizeof(float));
    const std::size_t padded = divide_up(layout.head_size, 32) * 32;
    if (memory_ == nullptr || padded > padded_) {
        auto memory = HugeMemory::take_scratch((pool_.threads() * scratch_floats(padded) + kPartFloats) *
                                               sizeof(float));
        if (!memory) {
            return fail(memory.error());
        }
        memory_ = std::move(*memory);
        padded_ = padded;
    }
    plan_.reserve(max_rows_);
    // More where a key/value head has more query heads than a unit takes; then they grow once.
    reserve_units(max_rows_ * layout.kv_heads);
    return {};
}

void CpuAttention::reserve_units(std::size_t count) {
    units_.reserve(count);
    if (left_size_ < count) {
        left_size_ = count;
        left_ = std::make_unique<std::atomic<std::uint32_t>[]>(count);
    }
}

void CpuAttention::make_units(const Step& step, std::span<const StepView> views, AttentionPlan& plan,
                              std::vector<Unit>& units) {
    units.clear();
    const std::size_t kv_heads = step.pages.layout().kv_heads;
    const std::size_t shared = step.settings.heads / kv_heads;
    const std::size_t heads = std::min(shared, kTileQueries);
    plan.build(views, step.group(), step.settings.window, kQueries / heads, kTileQueries / heads);
    for (const RowCluster& cluster : plan.clusters()) {
        for (std::size_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
            for (std::size_t head = 0; head < shared; head += heads) {
                units.push_back(
                    {&cluster, kv_head, kv_head * shared + head, std::min(heads, shared - head), 0, 0});
            }
        }
    }
}

/// The block's queries, scaled, as they meet keys that were rotated for positions `delta` lower.
void CpuAttention::gather(const Step& step, const Unit& unit, const RowBlock& block, std::int32_t delta,
                          const Scratch& s) const {
    const AttentionQueries queries(step.pages, step.settings, delta, kernels_, vectors_);
    const std::size_t size = step.size();
    for (std::size_t r = 0; r < block.rows; ++r) {
        const float* from =
            step.q.data + (block.view->first_row + block.first + r) * step.q.width + unit.head * size;
        for (std::size_t h = 0; h < unit.heads; ++h) {
            const std::size_t query = (block.row + r) * unit.heads + h;
            queries.make(from + h * size, s.queries + query * step.padded(),
                         s.whole_queries + query * step.pages.blocks());
        }
    }
}

void CpuAttention::begin_unit(const Step& step, const Unit& unit, const Scratch& s) const {
    std::size_t index = 0;
    for (const RowBlock& block : step.clusters.blocks(*unit.cluster)) {
        s.delta[index++] = 0;
        gather(step, unit, block, 0, s);
    }
}

/// Neighbours from `block` on that see the same page at this ordinal; their queries are made ready for it.
CpuAttention::Group CpuAttention::next_group(const Step& step, const Unit& unit, std::size_t ordinal,
                                             std::size_t block, const Scratch& s) const {
    const std::span<const RowBlock> blocks = step.clusters.blocks(*unit.cluster);
    const auto sees = [&](std::size_t b) {
        return b < blocks.size() && ordinal >= blocks[b].first_ordinal && ordinal <= blocks[b].last_ordinal;
    };
    while (block < blocks.size() && !sees(block)) {
        ++block;
    }
    Group group{kNoPage, block < blocks.size() ? blocks[block].row * unit.heads : 0, 0, block};
    for (; sees(group.next); ++group.next) {
        const RowBlock& b = blocks[group.next];
        const PageVisit visit = visit_of(*b.view, step.group(), ordinal);
        if (group.count != 0 && visit.page != group.page) {
            break;
        }
        group.page = visit.page;
        if (s.delta[group.next] != visit.delta) {
            s.delta[group.next] = visit.delta;
            gather(step, unit, b, visit.delta, s);
        }
        for (std::size_t r = 0; r < b.rows; ++r) {
            const std::size_t position = b.view->first_position + b.first + r;
            const auto place = [&visit](std::size_t p) {
                return static_cast<std::int32_t>(std::clamp<std::int64_t>(
                    static_cast<std::int64_t>(p) - visit.position, visit.begin, visit.end));
            };
            const std::size_t query = group.first + group.count;
            std::fill_n(s.begin + query, unit.heads, place(first_seen(position, step.settings.window)));
            std::fill_n(s.end + query, unit.heads, place(position + 1));
            group.count += unit.heads;
        }
    }
    return group;
}

/// The part of each query that sees something of the page (others: untouched), merged into `into` if given.
void CpuAttention::attend_page(const Step& step, const Unit& unit, std::size_t ordinal, const Scratch& s,
                               const AttentionState& part, const AttentionState* into) const {
    for (std::size_t block = 0; block < unit.cluster->blocks;) {
        const Group group = next_group(step, unit, ordinal, block, s);
        block = group.next;
        if (group.count == 0) {
            continue;
        }
        const CpuKvPages::Head head = step.pages.head(group.page, step.settings.layer, unit.kv_head);
        const AttentionState to = from_query(part, group.first);
        AttentionPage p{};
        p.keys = head.keys;
        p.key_scales = head.key_scales;
        p.values = head.values;
        p.value_scales = head.value_scales;
        p.head_size = step.size();
        p.padded = step.padded();
        p.queries = s.queries + group.first * step.padded();
        p.whole_queries = s.whole_queries + group.first * step.pages.blocks();
        p.count = group.count;
        p.begin = s.begin + group.first;
        p.end = s.end + group.first;
        p.softcap = step.settings.softcap;
        p.scores = s.scores;
        p.weights = s.weights;
        p.unpacked = s.unpacked;
        p.out = to.out;
        p.maximum = to.maximum;
        p.sum = to.sum;
        kernels_.page[static_cast<std::size_t>(step.pages.layout().type)](p);
        if (into != nullptr) {
            kernels_.merge(from_query(*into, group.first), group.count, to.out, to.maximum, to.sum);
        }
    }
}

void CpuAttention::attend_chunk(const Step& step, const Unit& unit, std::size_t chunk, const Scratch& s,
                                const AttentionState& to) const {
    clear_state(to, unit.count());
    const std::size_t end = std::min((chunk + 1) * kChunk, unit.cluster->last_ordinal + 1);
    for (std::size_t ordinal = std::max(chunk * kChunk, unit.cluster->first_ordinal); ordinal < end;
         ++ordinal) {
        attend_page(step, unit, ordinal, s, s.part, &to);
    }
}

void CpuAttention::write_out(const Step& step, const Unit& unit, const Scratch& s) const {
    const std::size_t size = step.size();
    for (const RowBlock& block : step.clusters.blocks(*unit.cluster)) {
        for (std::size_t r = 0; r < block.rows; ++r) {
            const std::size_t row = block.view->first_row + block.first + r - step.first_row;
            float* to = step.out.data + row * step.out.width + unit.head * size;
            for (std::size_t h = 0; h < unit.heads; ++h) {
                const std::size_t query = (block.row + r) * unit.heads + h;
                kernels_.finish(s.state.out + query * step.padded(), s.state.sum[query], to + h * size, size);
                if (step.pages.quantised()) {
                    kernels_.hadamard(to + h * size, size);
                }
            }
        }
    }
}

void CpuAttention::whole_unit(const Step& step, const Unit& unit, const Scratch& s) const {
    begin_unit(step, unit, s);
    clear_state(s.state, unit.count());
    for (std::size_t i = 0; i < unit.chunks(); ++i) {
        attend_chunk(step, unit, unit.first_chunk() + i, s, s.chunk);
        kernels_.merge(s.state, unit.count(), s.chunk.out, s.chunk.maximum, s.chunk.sum);
    }
    write_out(step, unit, s);
}

/// What is split, if anything: a unit that alone would take longer than its share of all.
CpuAttention::Split CpuAttention::choose_split(const Step& step) {
    std::size_t work = 0;
    std::size_t longest = 0;
    std::size_t chunks = 0;
    for (const Unit& unit : units_) {
        const std::size_t cost = unit.cluster->pages() * (unit.count() + kPageLoad);
        work += cost;
        longest = std::max(longest, cost);
        chunks += unit.chunks();
    }
    const std::size_t threads = pool_.threads();
    if (threads == 1 || longest * threads * 4 <= work) {
        return Split::none;
    }
    const Split split = chunks >= 4 * threads ? Split::chunks : Split::pages;
    return lay_out_parts(step, split) ? split : Split::none;
}

/// Gives each chunk (or page) of each unit a place for its part, and counts the pieces of work.
bool CpuAttention::lay_out_parts(const Step& step, Split split) {
    std::size_t pages = 0;
    for (const Unit& unit : units_) {
        pages += unit.cluster->pages();
    }
    run_ = std::max<std::size_t>(1, pages / (pool_.threads() * 4));
    std::size_t floats = 0;
    std::size_t pieces = 0;
    for (std::size_t i = 0; i < units_.size(); ++i) {
        Unit& unit = units_[i];
        const std::size_t parts = split == Split::chunks ? unit.chunks() : unit.cluster->pages();
        const std::size_t own = split == Split::chunks ? parts : divide_up(parts, run_);
        unit.part = floats;
        unit.pieces_before = pieces;
        floats += parts * part_floats(unit.count(), step.padded());
        pieces += own;
        left_[i].store(static_cast<std::uint32_t>(own), std::memory_order_relaxed);
    }
    return floats <= kPartFloats;
}

/// The place of a chunk's (or page's) part; padded as the step's rows are: see lay_out_parts().
AttentionState CpuAttention::part_of(const Unit& unit, std::size_t index, std::size_t padded) const {
    float* at = reinterpret_cast<float*>(memory_->data()) + pool_.threads() * scratch_floats(padded_) +
                unit.part + index * part_floats(unit.count(), padded);
    return {at, at + unit.count() * padded, at + unit.count() * (padded + 1), padded};
}

void CpuAttention::merge_chunks(const Step& step, const Unit& unit, Split split, const Scratch& s) const {
    AttentionState chunk = s.chunk;
    clear_state(s.state, unit.count());
    const std::size_t first = unit.cluster->first_ordinal;
    for (std::size_t i = 0; i < unit.chunks(); ++i) {
        if (split == Split::chunks) {
            chunk = part_of(unit, i, step.padded());
        } else {
            clear_state(chunk, unit.count());
            const std::size_t number = unit.first_chunk() + i;
            const std::size_t end = std::min((number + 1) * kChunk, unit.cluster->last_ordinal + 1);
            for (std::size_t ordinal = std::max(number * kChunk, first); ordinal < end; ++ordinal) {
                const AttentionState part = part_of(unit, ordinal - first, step.padded());
                kernels_.merge(chunk, unit.count(), part.out, part.maximum, part.sum);
            }
        }
        kernels_.merge(s.state, unit.count(), chunk.out, chunk.maximum, chunk.sum);
    }
    write_out(step, unit, s);
}

/// Pieces are chunks or runs of pages; who ends the last piece of a unit merges its parts.
void CpuAttention::run_split(const Step& step, Split split) {
    const Unit& last = units_.back();
    const std::size_t pieces =
        last.pieces_before +
        (split == Split::chunks ? last.chunks() : divide_up(last.cluster->pages(), run_));
    pool_.run(pieces, [&](std::size_t piece, unsigned thread) {
        const auto after =
            std::upper_bound(units_.begin(), units_.end(), piece,
                             [](std::size_t value, const Unit& unit) { return value < unit.pieces_before; });
        const auto which = static_cast<std::size_t>(after - units_.begin()) - 1;
        const Unit& unit = units_[which];
        const std::size_t own = piece - unit.pieces_before;
        const Scratch s = scratch(thread, step.padded());
        begin_unit(step, unit, s);
        if (split == Split::chunks) {
            attend_chunk(step, unit, unit.first_chunk() + own, s, part_of(unit, own, step.padded()));
        } else {
            const std::size_t end = std::min((own + 1) * run_, unit.cluster->pages());
            for (std::size_t i = own * run_; i < end; ++i) {
                const AttentionState part = part_of(unit, i, step.padded());
                std::fill_n(part.sum, unit.count(), 0.0F);
                std::fill_n(part.maximum, unit.count(), -std::numeric_limits<float>::infinity());
                attend_page(step, unit, unit.cluster->first_ordinal + i, s, part, nullptr);
            }
        }
        if (left_[which].fetch_sub(1, std::memory_order_acq_rel) == 1) {
            merge_chunks(step, unit, split, s);
        }
    });
}

void CpuAttention::run(const CpuKvPages& pages, const AttentionSettings& settings, const StepPlan& plan,
                       Rows q, Rows out) {
    const Step step{pages, settings, plan, plan_, q, out, 0};
    make_units(step, plan.views, plan_, units_);
    reserve_units(units_.size());  // for steps larger than what was reserved
    std::size_t work = 0;
    for (const Unit& unit : units_) {
        work += unit.cluster->pages() * unit.count() * kPageTokens * step.size() * 2;
    }
    if (work < kAlone) {
        for (const Unit& unit : units_) {
            whole_unit(step, unit, scratch(0, step.padded()));
        }
    } else if (const Split split = choose_split(step); split != Split::none) {
        run_split(step, split);
    } else {
        pool_.run(units_.size(), [&](std::size_t index, unsigned thread) {
            whole_unit(step, units_[index], scratch(thread, step.padded()));
        });
    }
}

void CpuAttention::reserve_part(std::size_t rows) {
    parts_.resize(pool_.threads());
    for (Part& part : parts_) {
        part.plan.reserve(rows);
        part.views.reserve(rows);
        part.units.reserve(rows * kMostUnitsOfRow);
    }
}

void CpuAttention::run_rows(const CpuKvPages& pages, const AttentionSettings& settings, const StepPlan& plan,
                            Rows q, std::size_t first, std::size_t count, float* out, unsigned thread) {
    Part& part = parts_[thread];
    part.views.clear();
    for (StepView view : plan.views) {
        const std::size_t begin = std::max(view.first_row, first);
        const std::size_t end = std::min(view.first_row + view.row_count, first + count);
        if (begin < end) {
            view.first_position += begin - view.first_row;
            view.first_row = begin;
            view.row_count = end - begin;
            part.views.push_back(view);
        }
    }
    const Step step{pages, settings, plan, part.plan, q, {out, count, q.width}, first};
    make_units(step, part.views, part.plan, part.units);
    for (const Unit& unit : part.units) {
        whole_unit(step, unit, scratch(thread, step.padded()));
    }
}

}  // namespace tendril::engine
