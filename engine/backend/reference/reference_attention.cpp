// SPDX-License-Identifier: Apache-2.0
// The reference backend's attention; see reference_attention.h.
#include "engine/backend/reference/reference_attention.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

namespace tendril::engine {
namespace {

/// Rotates one head by `positions`, with magnitude 1.
void rotate(const ReferenceRope& rope, std::int64_t positions, std::span<double> head) {
    const bool adjacent = rope.pairing == RopeSettings::Pairing::adjacent;
    const std::size_t pairs = head.size() / 2;
    for (std::size_t i = 0; i < pairs; ++i) {
        const double angle = static_cast<double>(positions) * rope.frequencies.step[i];
        double& first = head[adjacent ? 2 * i : i];
        double& second = head[adjacent ? 2 * i + 1 : i + pairs];
        const double a = first;
        const double b = second;
        first = a * std::cos(angle) - b * std::sin(angle);
        second = a * std::sin(angle) + b * std::cos(angle);
    }
}

/// One row and head of a view.
struct Attend {
    const HostPages& pages;
    const AttentionSettings& settings;
    const StepView& view;
    std::size_t head;
    std::size_t begin, end;        // the positions that the row sees
    std::span<const float> query;  // [head_size]
    std::vector<double> scores, weighted;

    std::size_t kv_head() const { return head / (settings.heads / pages.layout().kv_heads); }
    PageGroup group() const { return pages.layout().group(settings.layer); }

    /// The query as it meets the keys of a segment, which were rotated for positions `delta` lower.
    std::vector<double> turned_query(std::int32_t delta) const {
        std::vector<double> out(query.begin(), query.end());
        if (delta != 0) {
            rotate(static_cast<const ReferenceRope&>(*settings.rope), -std::int64_t{delta}, out);
        }
        if (pages.turned()) {
            turn_by_hadamard(std::span(out));
        }
        return out;
    }

    double score(std::span<const double> q, std::span<const float> key) const {
        double sum = 0.0;
        for (std::size_t i = 0; i < q.size(); ++i) {
            sum += q[i] * static_cast<double>(key[i]);
        }
        sum *= static_cast<double>(settings.scale);
        const auto cap = static_cast<double>(settings.softcap);
        return cap > 0.0 ? cap * std::tanh(sum / cap) : sum;
    }

    /// Calls use(segment, place of the position) for each position seen, ascending.
    template <typename Use>
    void for_positions(bool values, Use&& use) const {
        std::size_t start = 0;
        for (const KvSegment& segment : view.segments) {
            const std::size_t from = std::max(begin, start);
            const std::size_t to = std::min(end, start + segment.length);
            for (std::size_t p = from; p < to; ++p) {
                const std::size_t slot = segment.first_slot + (p - start);
                const PageId page = segment.pages_of(group())[slot / kPageTokens];
                assert(page < pages.page_count(group()));
                use(segment, HostPages::Place{page, settings.layer, kv_head(), slot % kPageTokens, values});
            }
            start += segment.length;
        }
        assert(start >= end);
    }

    void score_all() {
        std::vector<float> entry(query.size());
        std::vector<double> q;
        const KvSegment* of = nullptr;
        scores.clear();
        for_positions(false, [&](const KvSegment& segment, const HostPages::Place& place) {
            if (of != &segment) {
                q = turned_query(segment.delta);
                of = &segment;
            }
            pages.read(place, entry);
            scores.push_back(score(q, entry));
        });
    }

    void run(std::span<float> out) {
        const std::size_t size = query.size();
        std::vector<float> entry(size);
        score_all();
        const double most = *std::max_element(scores.begin(), scores.end());
        double total = 0.0;
        weighted.assign(size, 0.0);
        std::size_t next = 0;
        for_positions(true, [&](const KvSegment&, const HostPages::Place& place) {
            const double weight = std::exp(scores[next++] - most);
            pages.read(place, entry);
            for (std::size_t i = 0; i < size; ++i) {
                weighted[i] += weight * static_cast<double>(entry[i]);
            }
            total += weight;
        });
        if (pages.turned()) {
            turn_by_hadamard(std::span(weighted));
        }
        std::transform(weighted.begin(), weighted.end(), out.begin(),
                       [total](double value) { return static_cast<float>(value / total); });
    }
};

}  // namespace

void reference_store_kv(HostPages& pages, std::size_t layer, const StepPlan& plan, Rows keys, Rows values) {
    const KvLayout& layout = pages.layout();
    for (const StepView& view : plan.views) {
        const KvSegment& last = view.segments.back();
        assert(last.delta == 0 && last.length >= view.row_count);
        const std::size_t first_slot = last.first_slot + last.length - view.row_count;
        for (std::size_t i = 0; i < view.row_count; ++i) {
            const std::size_t slot = first_slot + i;
            const PageId page = last.pages_of(layout.group(layer))[slot / kPageTokens];
            for (std::size_t head = 0; head < layout.kv_heads; ++head) {
                const std::size_t at = (view.first_row + i) * keys.width + head * layout.head_size;
                const std::size_t position = slot % kPageTokens;
                pages.write({page, layer, head, position, false}, {keys.data + at, layout.head_size});
                pages.write({page, layer, head, position, true}, {values.data + at, layout.head_size});
            }
        }
    }
}

void reference_attention(const HostPages& pages, const AttentionSettings& settings, const StepPlan& plan,
                         Rows q, Rows out) {
    const std::size_t size = pages.layout().head_size;
    for (const StepView& view : plan.views) {
        for (std::size_t i = 0; i < view.row_count; ++i) {
            const std::size_t end = view.first_position + i + 1;
            const std::size_t begin =
                settings.window != 0 && end > settings.window ? end - settings.window : 0;
            for (std::size_t head = 0; head < settings.heads; ++head) {
                const std::size_t at = (view.first_row + i) * q.width + head * size;
                Attend attend{pages, settings, view, head, begin, end, {q.data + at, size}, {}, {}};
                attend.run({out.data + at, size});
            }
        }
    }
}

void reference_attention_peaks(const HostPages& pages, const AttentionSettings& settings,
                               const StepView& view, Rows q, const PeakRange& range, std::span<float> peaks) {
    const std::size_t size = pages.layout().head_size;
    const std::size_t measured_end = range.first + range.count;
    for (std::size_t i = 0; i < view.row_count; ++i) {
        for (std::size_t head = 0; head < settings.heads; ++head) {
            const std::size_t end = view.first_position + i + 1;
            const std::size_t at = (view.first_row + i) * q.width + head * size;
            Attend attend{pages, settings, view, head, 0, end, {q.data + at, size}, {}, {}};
            attend.score_all();
            const auto counts = [&](std::size_t place) {
                return place == 0 || (place >= range.first && place < measured_end) || place >= range.own;
            };
            double most = -std::numeric_limits<double>::infinity();
            for (std::size_t place = 0; place < end; ++place) {
                most = counts(place) ? std::max(most, attend.scores[place]) : most;
            }
            double total = 0.0;
            for (std::size_t place = 0; place < end; ++place) {
                total += counts(place) ? std::exp(attend.scores[place] - most) : 0.0;
            }
            float* const to = peaks.data() + attend.kv_head() * range.count;
            for (std::size_t k = 0; k < range.count; ++k) {
                const double share = attend.scores[range.first + k] - most - std::log(total);
                to[k] = range.kind == PeakRange::Kind::peak ? std::max(to[k], static_cast<float>(share))
                                                            : to[k] + static_cast<float>(std::exp(share));
            }
        }
    }
}

}  // namespace tendril::engine
