// SPDX-License-Identifier: Apache-2.0
// Views over strands; see attention_scene.h.
#include "tests/ops/attention_scene.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/backend/rope_frequencies.h"
#include "engine/half.h"

namespace tendril::engine::test {
namespace {

constexpr std::size_t kPool = 160;

std::size_t pages_of(const Strand& strand) {
    return (strand.start + strand.length + kPageTokens - 1) / kPageTokens;
}

/// x times the normalised Hadamard matrix, by its definition: entry (i, j) is (-1)^(bits that i and j share).
std::vector<double> turned(std::span<const double> x) {
    const std::size_t block = std::size_t{1} << std::countr_zero(x.size());
    std::vector<double> out(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t start = i / block * block;
        for (std::size_t j = 0; j < block; ++j) {
            out[i] += std::popcount((i - start) & j) % 2 == 0 ? x[start + j] : -x[start + j];
        }
        out[i] /= std::sqrt(static_cast<double>(block));
    }
    return out;
}

void round_block(KvType type, std::span<double> x) {
    const auto [low, high] = std::minmax_element(x.begin(), x.end());
    const double most = *high >= -*low ? *high : *low;
    const double steps = type == KvType::q8_0 ? 127.0 : -8.0;
    const double largest = type == KvType::q8_0 ? std::fabs(most) : most;
    const double scale =
        static_cast<double>(half_to_float(float_to_half(static_cast<float>(largest / steps))));
    for (double& value : x) {
        const double code = std::nearbyint(largest == 0.0 ? 0.0 : value * steps / largest);
        value = scale * (type == KvType::q8_0 ? code : std::min(code, 7.0));
    }
}

}  // namespace

bool same_bits(std::span<const float> a, std::span<const float> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

Scene::Scene(SceneSetup setup, unsigned seed) : setup_(std::move(setup)), random_(seed) {
    free_.resize(kPool);
    std::iota(free_.begin(), free_.end(), 0);
    std::shuffle(free_.begin(), free_.end(), random_);
    page_count_ = kPool;
    for (const Strand& strand : setup_.strands) {
        const auto values = [&] {
            std::vector<float> rows = random_rows(random_, strand.length, kv_width());
            std::normal_distribution<float> normal;
            for (float& value : rows) {
                value = setup_.plain ? normal(random_) : value;
            }
            return rows;
        };
        Written w{values(), values(), {}};
        for (std::size_t i = 0; i < w.keys.size(); ++i) {
            const std::size_t channel = i % setup_.size;
            w.keys[i] += channel == 3 || channel == setup_.size - 9 ? setup_.outlier : 0.0F;
        }
        for (std::size_t i = 0; i < pages_of(strand); ++i) {
            w.pages.push_back(free_.back());
            free_.pop_back();
        }
        written_.push_back(std::move(w));
    }
    for (const SceneView& view : setup_.views) {
        queries_.push_back(random_rows(random_, view.rows, q_width()));
        for (float& value : queries_.back()) {
            value *= 0.25F;  // so that a row looks at many positions, as in a model
        }
    }
}

std::size_t Scene::add_copy_of(std::size_t strand) {
    setup_.strands.push_back(setup_.strands[strand]);
    written_.push_back(written_[strand]);
    for (PageId& page : written_.back().pages) {
        page = free_.back();
        free_.pop_back();
    }
    return written_.size() - 1;
}

std::size_t Scene::length(std::size_t view) const {
    std::size_t out = 0;
    for (const Piece& piece : setup_.views[view].pieces) {
        out += piece.length;
    }
    return out;
}

std::unique_ptr<KvPages> Scene::fill(Backend& backend, std::size_t chunk) const {
    KvLayout layout{2, setup_.kv_heads, setup_.size, setup_.type, {}};
    if (setup_.window_group) {
        layout.windowed = {false, true};
    }
    auto pages = std::move(
        *backend.make_kv_pages(layout, {page_count_, setup_.window_group ? page_count_ : std::size_t{0}}));
    for (std::size_t s = 0; s < written_.size(); ++s) {
        const Written& w = written_[s];
        for (std::size_t at = 0; at < setup_.strands[s].length; at += chunk) {
            const std::size_t count = std::min(chunk, setup_.strands[s].length - at);
            const auto part = [&](const std::vector<float>& all) {
                return std::span(all).subspan(at * kv_width(), count * kv_width());
            };
            const DeviceRows k(backend, kv_width(), part(w.keys));
            const DeviceRows v(backend, kv_width(), part(w.values));
            const KvSegment segment{w.pages, w.pages, setup_.strands[s].start, at + count, 0};
            const StepView view{0, count, at, std::span(&segment, 1)};
            std::vector<std::int32_t> positions(count);
            std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(at));
            backend.store_kv(*pages, 1, {std::span(&view, 1), positions}, k.rows(), v.rows());
        }
    }
    return pages;
}

std::vector<float> Scene::attend(Backend& backend, const KvPages& pages,
                                 std::span<const std::size_t> views) const {
    std::vector<std::size_t> all(setup_.views.size());
    std::iota(all.begin(), all.end(), 0);
    views = views.empty() ? std::span<const std::size_t>(all) : views;
    std::vector<std::vector<KvSegment>> segments(views.size());
    std::vector<std::vector<PageId>> kept;  // of the window group, with ids let go
    kept.reserve(64);
    std::vector<StepView> step;
    std::vector<std::int32_t> positions;
    std::vector<float> q;
    for (std::size_t i = 0; i < views.size(); ++i) {
        const SceneView& view = setup_.views[views[i]];
        const std::size_t first = length(views[i]) - view.rows;
        const std::size_t seen =
            setup_.window != 0 && first + 1 > setup_.window ? first + 1 - setup_.window : 0;
        std::size_t position = 0;
        for (const Piece& piece : view.pieces) {
            const std::vector<PageId>& ids = written_[piece.strand].pages;
            const std::size_t slot = setup_.strands[piece.strand].start + piece.first;
            std::span<const PageId> window;
            if (setup_.window_group) {
                kept.push_back(ids);
                for (std::size_t s = slot; s < slot + piece.length; ++s) {
                    const std::size_t last_of_page = std::min(s | (kPageTokens - 1), slot + piece.length - 1);
                    if (position + (last_of_page - slot) < seen) {
                        kept.back()[s / kPageTokens] = kNoPage;
                    }
                }
                window = kept.back();
            }
            segments[i].push_back({ids, window, slot, piece.length, piece.delta});
            position += piece.length;
        }
        step.push_back({positions.size(), view.rows, first, segments[i]});
        for (std::size_t r = 0; r < view.rows; ++r) {
            positions.push_back(static_cast<std::int32_t>(first + r));
        }
        q.insert(q.end(), queries_[views[i]].begin(), queries_[views[i]].end());
    }
    const auto rope = std::move(*backend.make_rope_table(setup_.rope, setup_.size, 8192));
    const DeviceRows queries(backend, q_width(), q);
    const DeviceRows out(backend, positions.size(), q_width());
    const AttentionSettings settings{1,
                                     setup_.kv_heads * setup_.shared,
                                     1.0F / std::sqrt(static_cast<float>(setup_.size)),
                                     setup_.window,
                                     setup_.softcap,
                                     rope.get()};
    backend.attention(pages, settings, {step, positions}, queries.rows(), out.rows());
    return out.values();
}

std::vector<float> Scene::rounded(std::span<const float> head, Rounding rounding) const {
    std::vector<double> x(head.begin(), head.end());
    if (rounding != Rounding::exact && setup_.type == KvType::f16) {
        for (double& value : x) {
            value = static_cast<double>(half_to_float(float_to_half(static_cast<float>(value))));
        }
    } else if (rounding != Rounding::exact) {
        x = rounding == Rounding::as_stored ? turned(x) : x;
        for (std::size_t at = 0; at < x.size(); at += 32) {
            round_block(setup_.type, std::span(x).subspan(at, std::min<std::size_t>(32, x.size() - at)));
        }
        x = rounding == Rounding::as_stored ? turned(x) : x;  // its own inverse
    }
    return {x.begin(), x.end()};
}

Scene::Written Scene::rounded(const Written& written, Rounding rounding) const {
    Written out = written;
    for (std::vector<float>* rows : {&out.keys, &out.values}) {
        for (std::size_t at = 0; at < rows->size(); at += setup_.size) {
            const std::vector<float> head = rounded(std::span(*rows).subspan(at, setup_.size), rounding);
            std::copy(head.begin(), head.end(), rows->begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
    return out;
}

/// One row and query head of a view, over strands as they were rounded.
void Scene::one_head(const SceneView& view, std::size_t row, std::size_t kv_head,
                     const std::vector<Written>& strands, bool planted, const float* q, float* out) const {
    const std::size_t size = setup_.size;
    const RopeFrequencies frequencies = *rope_frequencies(setup_.rope, size);
    const auto cap = static_cast<double>(setup_.softcap);
    std::vector<double> mixed(size);
    std::vector<double> turned_query(size);
    double total = 0.0;
    std::size_t position = 0;
    for (const Piece& piece : view.pieces) {
        for (std::size_t k = 0; k < size / 2; ++k) {  // pairs (2k, 2k + 1) turned back by delta
            const double angle = planted ? 0.0 : -piece.delta * frequencies.step[k];
            const auto a = static_cast<double>(q[2 * k]);
            const auto b = static_cast<double>(q[2 * k + 1]);
            turned_query[2 * k] = a * std::cos(angle) - b * std::sin(angle);
            turned_query[2 * k + 1] = a * std::sin(angle) + b * std::cos(angle);
        }
        for (std::size_t i = 0; i < piece.length; ++i, ++position) {
            if (position > row || (setup_.window != 0 && position + setup_.window <= row)) {
                continue;
            }
            const std::size_t entry = (piece.first + i) * kv_width() + kv_head * size;
            const float* key = strands[piece.strand].keys.data() + entry;
            const float* value = strands[piece.strand].values.data() + entry;
            double score = 0.0;
            for (std::size_t k = 0; k < size; ++k) {
                score += turned_query[k] * static_cast<double>(key[k]);
            }
            score /= std::sqrt(static_cast<double>(size));
            // Scores are small here: no shift needed, unlike in the backends.
            const double weight = std::exp(cap > 0.0 ? cap * std::tanh(score / cap) : score);
            total += weight;
            for (std::size_t k = 0; k < size; ++k) {
                mixed[k] += weight * static_cast<double>(value[k]);
            }
        }
    }
    std::transform(mixed.begin(), mixed.end(), out,
                   [total](double value) { return static_cast<float>(value / total); });
}

std::vector<float> Scene::by_definition(Rounding rounding, bool planted) const {
    std::vector<Written> strands;
    for (const Written& written : written_) {
        strands.push_back(rounded(written, rounding));
    }
    const std::size_t heads = setup_.kv_heads * setup_.shared;
    std::vector<float> out;
    for (std::size_t v = 0; v < setup_.views.size(); ++v) {
        const SceneView& view = setup_.views[v];
        for (std::size_t at = 0; at < view.rows * heads; ++at) {
            out.resize(out.size() + setup_.size);
            one_head(view, length(v) - view.rows + at / heads, at % heads / setup_.shared, strands, planted,
                     queries_[v].data() + at * setup_.size, out.data() + out.size() - setup_.size);
        }
    }
    return out;
}

}  // namespace tendril::engine::test
