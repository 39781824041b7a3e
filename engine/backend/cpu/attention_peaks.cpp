// SPDX-License-Identifier: Apache-2.0
// Attention peaks; see attention_peaks.h.
#include "engine/backend/cpu/attention_peaks.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/backend/cpu/attention_queries.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kQueries = 48;  // of a piece: rows x heads, unless a head has more
constexpr float kLn2 = 0.693147181F;
constexpr float kNone = -std::numeric_limits<float>::infinity();

constexpr std::size_t divide_up(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

/// Places [first, end) of a view touch so many pages at most, wherever they begin.
constexpr std::size_t pages_touched(std::size_t keys) {
    return keys / kPageTokens + 2;
}

}  // namespace

struct CpuPeaks::Step {
    const CpuKvPages& pages;
    const AttentionSettings& settings;
    const StepView& view;
    Rows q;
    const PeakRange& range;
    std::size_t first_ordinal;  // of the pages of the measured keys
    std::size_t ordinals;

    std::size_t heads() const { return settings.heads / pages.layout().kv_heads; }
    std::size_t padded() const { return pages.padded(); }
};

struct CpuPeaks::Scratch {
    float* queries;          // [kQueries][padded]
    QueryBlock* whole;       // [kQueries][blocks]
    float* unpacked;         // [64 * padded]
    float* scores;           // [kQueries][64], of a page that is not measured
    float* measured;         // [pages][kQueries][64]
    float* maximum;          // [kQueries], running
    float* sum;              // [kQueries]
    float* page_maximum;     // [kQueries]
    float* page_sum;         // [kQueries]
    std::int32_t* begin;     // [kQueries]
    std::int32_t* end;       // [kQueries]
    float* peaks;            // [kv_heads][pages][64]
    std::int32_t delta = 0;  // by which the queries are turned back
};

Status CpuPeaks::prepare(std::size_t keys, std::span<const KvLayout> layouts) {
    static_assert(sizeof(QueryBlock) <= 32 * sizeof(float));
    std::size_t queries = kQueries;
    for (const KvLayout& layout : layouts) {
        padded_ = std::max(padded_, divide_up(layout.head_size, 32) * 32);
        kv_heads_ = std::max(kv_heads_, layout.kv_heads);
    }
    pages_ = std::max(pages_, pages_touched(keys));
    floats_ = queries * padded_ * 2 + kPageTokens * padded_ + queries * kPageTokens * (1 + pages_) +
              queries * 6 + kv_heads_ * pages_ * kPageTokens;
    try {
        memory_.resize(std::max(memory_.size(), floats_ * pool_.threads()));
    } catch (const std::exception&) {
        return fail(ErrorCode::out_of_memory, "There is not enough memory to shorten what was read.");
    }
    return {};
}

CpuPeaks::Scratch CpuPeaks::scratch(unsigned thread) {
    float* at = memory_.data() + thread * floats_;
    const auto next = [&at](std::size_t count) { return std::exchange(at, at + count); };
    Scratch s{};
    s.queries = next(kQueries * padded_);
    s.whole = reinterpret_cast<QueryBlock*>(next(kQueries * padded_));
    s.unpacked = next(kPageTokens * padded_);
    s.scores = next(kQueries * kPageTokens);
    s.measured = next(kQueries * kPageTokens * pages_);
    s.maximum = next(kQueries);
    s.sum = next(kQueries);
    s.page_maximum = next(kQueries);
    s.page_sum = next(kQueries);
    s.begin = reinterpret_cast<std::int32_t*>(next(kQueries));
    s.end = reinterpret_cast<std::int32_t*>(next(kQueries));
    s.peaks = next(kv_heads_ * pages_ * kPageTokens);
    return s;
}

/// The block's queries, scaled, as they meet keys that were rotated for positions `delta` lower.
void CpuPeaks::gather(const Step& step, std::size_t kv_head, Block block, std::int32_t delta,
                      Scratch& s) const {
    const AttentionQueries queries(step.pages, step.settings, delta, kernels_, vectors_);
    const std::size_t size = step.pages.layout().head_size;
    for (std::size_t r = 0; r < block.rows; ++r) {
        const float* from = step.q.data + (step.view.first_row + block.first + r) * step.q.width +
                            (kv_head * step.heads() + block.head) * size;
        for (std::size_t h = 0; h < block.heads; ++h) {
            const std::size_t query = r * block.heads + h;
            queries.make(from + h * size, s.queries + query * step.padded(),
                         s.whole + query * step.pages.blocks());
        }
    }
    s.delta = delta;
}

/// Scores of the places [first_place, end_place) of the view that lie in this page, added to each row's sum.
void CpuPeaks::score_page(const Step& step, std::size_t kv_head, Block block, std::size_t ordinal,
                          std::size_t first_place, std::size_t end_place, float* scores, Scratch& s) const {
    const PageVisit visit = visit_of(step.view, PageGroup::full, ordinal);
    if (visit.delta != s.delta) {
        gather(step, kv_head, block, visit.delta, s);
    }
    const std::size_t heads = block.heads;
    const std::size_t count = block.count();
    const auto place = [&visit](std::size_t p) {
        return static_cast<std::int32_t>(
            std::clamp<std::int64_t>(static_cast<std::int64_t>(p) - visit.position, visit.begin, visit.end));
    };
    for (std::size_t r = 0; r < block.rows; ++r) {
        const std::size_t sees = step.view.first_position + block.first + r + 1;
        std::fill_n(s.begin + r * heads, heads, place(first_place));
        std::fill_n(s.end + r * heads, heads, place(std::min(sees, end_place)));
    }
    const CpuKvPages::Head head = step.pages.head(visit.page, step.settings.layer, kv_head);
    AttentionPage p{};
    p.keys = head.keys;
    p.key_scales = head.key_scales;
    p.head_size = step.pages.layout().head_size;
    p.padded = step.padded();
    p.queries = s.queries;
    p.whole_queries = s.whole;
    p.count = count;
    p.begin = s.begin;
    p.end = s.end;
    p.softcap = step.settings.softcap;
    p.scores = scores;
    p.unpacked = s.unpacked;
    p.maximum = s.page_maximum;
    p.sum = s.page_sum;
    kernels_.score[static_cast<std::size_t>(step.pages.layout().type)](p);
    for (std::size_t i = 0; i < count; ++i) {
        if (p.sum[i] == 0.0F) {
            continue;
        }
        const float most = std::max(s.maximum[i], p.maximum[i]);
        s.sum[i] = s.sum[i] * std::exp2(s.maximum[i] - most) + p.sum[i] * std::exp2(p.maximum[i] - most);
        s.maximum[i] = most;
    }
}

void CpuPeaks::piece(const Step& step, std::size_t kv_head, Block block, Scratch& s) const {
    const std::size_t count = block.count();
    const PeakRange& range = step.range;
    gather(step, kv_head, block, 0, s);
    std::fill_n(s.maximum, count, kNone);
    std::fill_n(s.sum, count, 0.0F);
    const std::size_t page_scores = kQueries * kPageTokens;
    const auto score = [&](std::size_t ordinal, std::size_t first, std::size_t end, float* scores) {
        score_page(step, kv_head, block, ordinal, first, end, scores, s);
    };
    if (range.first > 0) {
        score(ordinal_of(step.view, 0), 0, 1, s.scores);
    }
    for (std::size_t i = 0; i < step.ordinals; ++i) {
        score(step.first_ordinal + i, range.first, range.first + range.count, s.measured + i * page_scores);
    }
    const std::size_t last = step.view.first_position + block.first + block.rows - 1;
    for (std::size_t o = ordinal_of(step.view, range.own); o <= ordinal_of(step.view, last); ++o) {
        score(o, range.own, last + 1, s.scores);
    }
    float* const peaks = s.peaks + kv_head * pages_ * kPageTokens;
    for (std::size_t query = 0; query < count; ++query) {
        const float by = s.maximum[query] + std::log2(s.sum[query]);
        for (std::size_t i = 0; i < step.ordinals; ++i) {
            const float* const scores = s.measured + i * page_scores + query * kPageTokens;
            (range.kind == PeakRange::Kind::peak ? kernels_.raise : kernels_.add_shares)(
                scores, by, peaks + i * kPageTokens);
        }
    }
}

void CpuPeaks::run(const CpuKvPages& pages, const AttentionSettings& settings, const StepView& view, Rows q,
                   const PeakRange& range, std::span<float> peaks) {
    assert(range.count > 0 && range.own >= range.first + range.count && range.own <= view.first_position);
    const std::size_t kv_heads = pages.layout().kv_heads;
    const std::size_t first = ordinal_of(view, range.first);
    const Step step{
        pages, settings, view, q, range, first, ordinal_of(view, range.first + range.count - 1) + 1 - first};
    assert(step.ordinals <= pages_ && kv_heads <= kv_heads_);
    assert(visit_of(view, PageGroup::full, first + step.ordinals - 1).position ==
           visit_of(view, PageGroup::full, first).position +
               static_cast<std::int64_t>((step.ordinals - 1) * kPageTokens));
    const bool sums = range.kind == PeakRange::Kind::sum;
    const std::size_t places = kv_heads * pages_ * kPageTokens;
    for (unsigned thread = 0; thread < pool_.threads(); ++thread) {
        std::fill_n(scratch(thread).peaks, places, sums ? 0.0F : kNone);
    }
    const std::size_t heads = std::min(step.heads(), kQueries);
    const std::size_t parts = divide_up(step.heads(), heads);
    const std::size_t rows = kQueries / heads;
    const std::size_t blocks = divide_up(view.row_count, rows) * parts;
    const auto block_of = [&](std::size_t index) {
        const std::size_t row = index / parts * rows;
        const std::size_t head = index % parts * heads;
        return Block{row, std::min(rows, view.row_count - row), head, std::min(heads, step.heads() - head)};
    };
    if (sums) {  // added up in the order of rows
        pool_.run(kv_heads, [&](std::size_t head, unsigned thread) {
            Scratch s = scratch(thread);
            for (std::size_t block = 0; block < blocks; ++block) {
                piece(step, head, block_of(block), s);
            }
        });
    } else {
        pool_.run(kv_heads * blocks, [&](std::size_t index, unsigned thread) {
            Scratch s = scratch(thread);
            piece(step, index % kv_heads, block_of(index / kv_heads), s);
        });
    }
    const PageVisit visit = visit_of(view, PageGroup::full, first);
    const auto lead = static_cast<std::size_t>(static_cast<std::int64_t>(range.first) - visit.position);
    for (unsigned thread = 0; thread < pool_.threads(); ++thread) {
        const float* const from = scratch(thread).peaks + lead;
        for (std::size_t head = 0; head < kv_heads; ++head) {
            for (std::size_t k = 0; k < range.count; ++k) {
                float& to = peaks[head * range.count + k];
                const float value = from[head * pages_ * kPageTokens + k];
                to = sums ? to + value : std::max(to, value * kLn2);
            }
        }
    }
}

}  // namespace tendril::engine
