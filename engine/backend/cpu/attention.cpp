// SPDX-License-Identifier: Apache-2.0
// Attention over the pool; see attention.h.
#include "engine/backend/cpu/attention.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tendril::engine {
namespace {

constexpr std::size_t kQueries = 48;                       // of a unit: rows x heads
constexpr std::size_t kPartFloats = std::size_t{1} << 20;  // for the parts of split units
constexpr std::size_t kAlone = std::size_t{160}
                               << 10;  // multiplications below which a fork costs more than it gains

constexpr std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

/// Floats of one thread: queries, unpacked page, scores, part, state; then five numbers a query.
constexpr std::size_t scratch_floats(std::size_t padded) {
    return kQueries * padded * 3 + kPageTokens * padded + kQueries * kPageTokens + kQueries * 8;
}

}  // namespace

struct CpuAttention::Step {
    const CpuKvPages& pages;
    const AttentionSettings& settings;
    const StepPlan& plan;
    Rows q;
    Rows out;

    std::size_t size() const { return pages.layout().head_size; }
    /// First position that a row at `position` sees.
    std::size_t begin(std::size_t position) const {
        return settings.window != 0 && position + 1 > settings.window ? position + 1 - settings.window : 0;
    }
};

struct CpuAttention::Scratch {
    float* queries;
    float* unpacked;
    float* scores;
    float* part;
    float* state;
    float* part_maximum;
    float* part_sum;
    float* maximum;
    float* sum;
    std::int32_t* begin;
    std::int32_t* end;
};

CpuAttention::Scratch CpuAttention::scratch(unsigned thread) const {
    float* at = reinterpret_cast<float*>(memory_->data()) + thread * scratch_floats(padded_);
    const auto next = [&at](std::size_t count) { return std::exchange(at, at + count); };
    Scratch s{};
    s.queries = next(kQueries * padded_);
    s.part = next(kQueries * padded_);
    s.state = next(kQueries * padded_);
    s.unpacked = next(kPageTokens * padded_);
    s.scores = next(kQueries * kPageTokens);
    s.part_maximum = next(kQueries);
    s.part_sum = next(kQueries);
    s.maximum = next(kQueries);
    s.sum = next(kQueries);
    s.begin = reinterpret_cast<std::int32_t*>(next(kQueries));
    s.end = reinterpret_cast<std::int32_t*>(next(kQueries));
    return s;
}

Status CpuAttention::reserve_heads(const KvLayout& layout) {
    const std::size_t padded = divide_up(layout.head_size, 16) * 16;
    if (memory_ == nullptr || padded > padded_) {
        auto memory =
            HugeMemory::take((pool_.threads() * scratch_floats(padded) + kPartFloats) * sizeof(float));
        if (!memory) {
            return fail(memory.error());
        }
        memory_ = std::move(*memory);
        padded_ = padded;
    }
    units_.reserve(std::max<std::size_t>(units_.capacity(), max_rows_ * layout.kv_heads));
    return {};
}

void CpuAttention::store(CpuKvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) {
    constexpr std::size_t kRun = 16;  // positions at once: a part of a cache line of each key row
    const std::size_t heads = pages.layout().kv_heads;
    const std::size_t size = pages.layout().head_size;
    const auto store_run = [&](const StepView& view, std::size_t first, std::size_t count, std::size_t head) {
        const std::size_t position = view.first_position + first;
        const PageId page = view.segments.back().pages[position / kPageTokens];
        const std::size_t at = position % kPageTokens;
        std::uint16_t* to_keys = pages.keys(page, layer, head) + at;
        std::uint16_t* to_values = pages.values(page, layer, head) + at * pages.padded();
        std::uint16_t turned[kRun][64];
        for (std::size_t part = 0; part < size; part += 64) {
            const std::size_t width = std::min<std::size_t>(64, size - part);
            for (std::size_t t = 0; t < count; ++t) {
                const std::size_t offset = (view.first_row + first + t) * keys.width + head * size + part;
                vectors_.to_half(keys.data + offset, turned[t], width);
                vectors_.to_half(values.data + offset, to_values + t * pages.padded() + part, width);
            }
            for (std::size_t i = 0; i < width; ++i) {
                for (std::size_t t = 0; t < count; ++t) {
                    to_keys[(part + i) * kPageTokens + t] = turned[t][i];
                }
            }
        }
    };
    for (const StepView& view : plan.views) {
        const auto head_rows = [&](std::size_t head, std::size_t begin, std::size_t end) {
            while (begin < end) {
                const std::size_t at = (view.first_position + begin) % kPageTokens;
                const std::size_t count = std::min({kRun - at % kRun, end - begin});
                store_run(view, begin, count, head);
                begin += count;
            }
        };
        if (view.row_count * keys.width < 8192) {
            for (std::size_t head = 0; head < heads; ++head) {
                head_rows(head, 0, view.row_count);
            }
            continue;
        }
        const std::size_t chunks = divide_up(view.row_count, kPageTokens);
        pool_.run(chunks * heads, [&](std::size_t piece, unsigned) {
            const std::size_t begin = piece / heads * kPageTokens;
            head_rows(piece % heads, begin, std::min(begin + kPageTokens, view.row_count));
        });
    }
}

/// The longest first: the last rows of a view see most pages.
void CpuAttention::make_units(const Step& step) {
    units_.clear();
    const std::size_t kv_heads = step.pages.layout().kv_heads;
    const std::size_t shared = step.settings.heads / kv_heads;
    const std::size_t heads = std::min(shared, kQueries);
    const std::size_t rows = kQueries / heads;
    for (const StepView& view : step.plan.views) {
        for (std::size_t block = divide_up(view.row_count, rows); block-- > 0;) {
            const std::size_t first = block * rows;
            const std::size_t count = std::min(rows, view.row_count - first);
            const std::size_t first_page = step.begin(view.first_position + first) / kPageTokens;
            const std::size_t last_page = (view.first_position + first + count - 1) / kPageTokens;
            for (std::size_t kv_head = 0; kv_head < kv_heads; ++kv_head) {
                for (std::size_t head = 0; head < shared; head += heads) {
                    units_.push_back({&view, first, count, kv_head, kv_head * shared + head,
                                      std::min(heads, shared - head), first_page, last_page - first_page + 1,
                                      0});
                }
            }
        }
    }
}

void CpuAttention::gather(const Step& step, const Unit& unit, const Scratch& s) const {
    const std::size_t size = step.size();
    for (std::size_t r = 0; r < unit.rows; ++r) {
        const float* from =
            step.q.data + (unit.view->first_row + unit.first + r) * step.q.width + unit.head * size;
        float* to = s.queries + r * unit.heads * size;
        for (std::size_t i = 0; i < unit.heads * size; ++i) {
            to[i] = from[i] * step.settings.scale;
        }
    }
}

void CpuAttention::one_page(const Step& step, const Unit& unit, std::size_t page, const Scratch& s,
                            float* out, float* maximum, float* sum) const {
    const std::size_t start = page * kPageTokens;
    const auto within = [start](std::size_t position) {
        return static_cast<std::int32_t>(std::clamp(position, start, start + kPageTokens) - start);
    };
    for (std::size_t r = 0; r < unit.rows; ++r) {
        const std::size_t position = unit.view->first_position + unit.first + r;
        std::fill_n(s.begin + r * unit.heads, unit.heads, within(step.begin(position)));
        std::fill_n(s.end + r * unit.heads, unit.heads, within(position + 1));
    }
    AttentionPage p{};
    p.keys = step.pages.keys(unit.view->segments.back().pages[page], step.settings.layer, unit.kv_head);
    p.values = step.pages.values(unit.view->segments.back().pages[page], step.settings.layer, unit.kv_head);
    p.head_size = step.size();
    p.padded = step.pages.padded();
    p.queries = s.queries;
    p.count = unit.count();
    p.begin = s.begin;
    p.end = s.end;
    p.softcap = step.settings.softcap;
    p.scores = s.scores;
    p.unpacked = s.unpacked;
    p.out = out;
    p.maximum = maximum;
    p.sum = sum;
    kernels_.page(p);
}

void CpuAttention::write_out(const Step& step, const Unit& unit, const Scratch& s) const {
    const std::size_t size = step.size();
    for (std::size_t r = 0; r < unit.rows; ++r) {
        float* to =
            step.out.data + (unit.view->first_row + unit.first + r) * step.out.width + unit.head * size;
        for (std::size_t h = 0; h < unit.heads; ++h) {
            const std::size_t i = r * unit.heads + h;
            kernels_.finish(s.state + i * step.pages.padded(), s.sum[i], to + h * size, size);
        }
    }
}

namespace {
void clear_state(const AttentionState& state, std::size_t count) {
    std::fill_n(state.out, count * state.padded, 0.0F);
    std::fill_n(state.maximum, count, -std::numeric_limits<float>::infinity());
    std::fill_n(state.sum, count, 0.0F);
}
}  // namespace

void CpuAttention::whole_unit(const Step& step, const Unit& unit, const Scratch& s) const {
    gather(step, unit, s);
    const AttentionState state{s.state, s.maximum, s.sum, step.pages.padded()};
    clear_state(state, unit.count());
    for (std::size_t i = 0; i < unit.pages; ++i) {
        const std::size_t page = unit.first_page + i;
        one_page(step, unit, page, s, s.part, s.part_maximum, s.part_sum);
        kernels_.merge(state, unit.count(), s.part, s.part_maximum, s.part_sum);
    }
    write_out(step, unit, s);
}

/// Gives each page of each unit a place for its part: count x (padded + 2) floats.
bool CpuAttention::split_fits(const Step& step) {
    std::size_t floats = 0;
    for (Unit& unit : units_) {
        unit.part = floats;
        floats += unit.pages * unit.count() * (step.pages.padded() + 2);
    }
    return floats <= kPartFloats;
}

void CpuAttention::run_split(const Step& step) {
    const std::size_t padded = step.pages.padded();
    float* parts = reinterpret_cast<float*>(memory_->data()) + pool_.threads() * scratch_floats(padded_);
    const auto part_of = [&](const Unit& unit, std::size_t page) {
        return parts + unit.part + page * unit.count() * (padded + 2);
    };
    std::size_t pages = 0;
    for (const Unit& unit : units_) {
        pages += unit.pages;
    }
    const std::size_t run = std::max<std::size_t>(1, pages / (pool_.threads() * 4));
    std::size_t pieces = 0;
    for (const Unit& unit : units_) {
        pieces += divide_up(unit.pages, run);
    }
    pool_.run(pieces, [&](std::size_t piece, unsigned thread) {
        std::size_t which = 0;
        while (piece >= divide_up(units_[which].pages, run)) {
            piece -= divide_up(units_[which++].pages, run);
        }
        const Unit& unit = units_[which];
        const Scratch s = scratch(thread);
        gather(step, unit, s);
        for (std::size_t i = piece * run; i < std::min(unit.pages, (piece + 1) * run); ++i) {
            float* part = part_of(unit, i);
            float* maximum = part + unit.count() * padded;
            one_page(step, unit, unit.first_page + i, s, part, maximum, maximum + unit.count());
        }
    });
    const auto finish = [&](std::size_t index, unsigned thread) {
        const Unit& unit = units_[index];
        const Scratch s = scratch(thread);
        const AttentionState state{s.state, s.maximum, s.sum, padded};
        clear_state(state, unit.count());
        for (std::size_t i = 0; i < unit.pages; ++i) {
            const float* part = part_of(unit, i);
            const float* maximum = part + unit.count() * padded;
            kernels_.merge(state, unit.count(), part, maximum, maximum + unit.count());
        }
        write_out(step, unit, s);
    };
    if (pages * padded < 4096) {
        for (std::size_t i = 0; i < units_.size(); ++i) {
            finish(i, 0);
        }
    } else {
        pool_.run(units_.size(), finish);
    }
}

void CpuAttention::run(const CpuKvPages& pages, const AttentionSettings& settings, const StepPlan& plan,
                       Rows q, Rows out) {
    const Step step{pages, settings, plan, q, out};
    make_units(step);
    std::size_t work = 0;
    std::size_t longest = 0;
    for (const Unit& unit : units_) {
        work += unit.pages * unit.count() * kPageTokens * step.size() * 2;
        longest = std::max(longest, unit.pages);
    }
    if (work < kAlone) {
        for (const Unit& unit : units_) {
            whole_unit(step, unit, scratch(0));
        }
    } else if (units_.size() < 4 * pool_.threads() && longest > 1 && pool_.threads() > 1 &&
               split_fits(step)) {
        run_split(step);
    } else {
        pool_.run(units_.size(), [&](std::size_t index, unsigned thread) {
            whole_unit(step, units_[index], scratch(thread));
        });
    }
}

}  // namespace tendril::engine
