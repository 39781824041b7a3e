// SPDX-License-Identifier: Apache-2.0
// The reference backend's pages; see host_pages.h.
#include "engine/backend/reference/host_pages.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

#include "engine/half.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kBlock = 32;

std::size_t block_bytes(KvType type) {
    return type == KvType::q8_0 ? 2 + kBlock : 2 + kBlock / 2;
}

std::size_t bytes_of_entry(const KvLayout& layout) {
    return layout.type == KvType::f16 ? layout.head_size * 2
                                      : (layout.head_size + kBlock - 1) / kBlock * block_bytes(layout.type);
}

bool all_finite(std::span<const float> x) {
    return std::all_of(x.begin(), x.end(), [](float value) { return std::isfinite(value); });
}

/// The value with the largest magnitude; of equals the positive one.
float largest(std::span<const float> x) {
    const float high = *std::max_element(x.begin(), x.end());
    const float low = *std::min_element(x.begin(), x.end());
    return high >= -low ? high : low;
}

void put_scale(std::byte* to, float scale, bool finite) {
    const std::uint16_t half = float_to_half(finite ? scale : std::numeric_limits<float>::quiet_NaN());
    std::memcpy(to, &half, sizeof half);
}

/// scale = largest / 127, values to the nearest whole number, ties to even.
void round_q8(std::span<const float> x, std::byte* to) {
    const bool finite = all_finite(x);
    const float most = finite ? std::fabs(largest(x)) : 0.0F;
    put_scale(to, most / 127.0F, finite);
    const float inverse = most > 0.0F ? 127.0F / most : 0.0F;
    for (std::size_t i = 0; i < kBlock; ++i) {
        const float value = i < x.size() && finite ? x[i] * inverse : 0.0F;
        to[2 + i] = static_cast<std::byte>(static_cast<int>(std::nearbyint(value)));
    }
}

/// scale = -(largest, with its sign) / 8, values -8 to 7, stored 8 higher: the largest is met exactly.
void round_q4(std::span<const float> x, std::byte* to) {
    const bool finite = all_finite(x);
    const float most = finite ? largest(x) : 0.0F;
    put_scale(to, most / -8.0F, finite);
    const float inverse = most != 0.0F ? -8.0F / most : 0.0F;
    const auto nibble = [&](std::size_t i) {
        const float value = i < x.size() && finite ? x[i] * inverse : 0.0F;
        return static_cast<unsigned>(std::clamp(static_cast<int>(std::nearbyint(value)), -8, 7) + 8);
    };
    for (std::size_t i = 0; i < kBlock / 2; ++i) {
        to[2 + i] = static_cast<std::byte>(nibble(i) | nibble(i + kBlock / 2) << 4);
    }
}

float value_of(KvType type, const std::byte* block, std::size_t i) {
    std::uint16_t half = 0;
    std::memcpy(&half, block, sizeof half);
    const float scale = half_to_float(half);
    if (type == KvType::q8_0) {
        return scale * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
    }
    const auto both = static_cast<unsigned>(block[2 + i % (kBlock / 2)]);
    return scale * static_cast<float>(static_cast<int>(i < kBlock / 2 ? both & 15U : both >> 4) - 8);
}

}  // namespace

HostPages::HostPages(const KvLayout& layout, KvPageCounts counts)
    : layout_(layout), entry_bytes_(bytes_of_entry(layout)), turned_(layout.head_size) {
    std::size_t next[2] = {};
    for (std::size_t layer = 0; layer < layout.layers; ++layer) {
        index_.push_back(next[layout.group(layer) == PageGroup::window ? 1 : 0]++);
    }
    for (const PageGroup group : {PageGroup::full, PageGroup::window}) {
        Part& p = part(group);
        p.count = group == PageGroup::window ? counts.window : counts.full;
        p.page_bytes = layout.layers_in(group) * 2 * layout.kv_heads * kPageTokens * entry_bytes_;
        p.bytes.resize(p.count * p.page_bytes);
    }
}

std::string HostPages::layout_name() const {
    std::string name = std::string("reference ") + name_of(layout_.type) + " 1, heads " +
                       std::to_string(layout_.kv_heads) + " x " + std::to_string(layout_.head_size) +
                       ", layers ";
    for (std::size_t layer = 0; layer < layout_.layers; ++layer) {
        name += layout_.group(layer) == PageGroup::window ? 'w' : 'f';
    }
    return name;
}

std::size_t HostPages::offset(const Place& p) const {
    const std::size_t plane = (index_[p.layer] * 2 + (p.values ? 1 : 0)) * layout_.kv_heads + p.head;
    return p.page * part(layout_.group(p.layer)).page_bytes +
           (plane * kPageTokens + p.position) * entry_bytes_;
}

void HostPages::copy_page(PageGroup group, PageId from, PageId to, std::size_t tokens) {
    for (std::size_t layer = 0; layer < layout_.layers; ++layer) {
        if (layout_.group(layer) != group) {
            continue;
        }
        for (const bool values : {false, true}) {
            for (std::size_t head = 0; head < layout_.kv_heads; ++head) {
                std::byte* bytes = part(group).bytes.data();
                std::copy_n(bytes + offset({from, layer, head, 0, values}), tokens * entry_bytes_,
                            bytes + offset({to, layer, head, 0, values}));
            }
        }
    }
}

void HostPages::gather(const KvGather& g) {
    std::byte* const bytes = part(PageGroup::full).bytes.data();
    assert(layout_.group(g.layer) == PageGroup::full);
    for (std::size_t i = 0; i < g.slots.size(); ++i) {
        const std::size_t from = g.slots[i];
        const std::size_t to = g.first_slot + i;
        for (const bool values : {false, true}) {
            std::copy_n(
                bytes + offset({g.from[from / kPageTokens], g.layer, g.head, from % kPageTokens, values}),
                entry_bytes_,
                bytes + offset({g.to[to / kPageTokens], g.layer, g.head, to % kPageTokens, values}));
        }
    }
}

void HostPages::export_page(PageGroup group, PageId page, std::span<std::byte> to) const {
    assert(to.size() == page_bytes(group) && page < page_count(group));
    std::copy_n(part(group).bytes.data() + page * page_bytes(group), to.size(), to.data());
}

void HostPages::import_page(PageGroup group, PageId page, std::span<const std::byte> from) {
    assert(from.size() == page_bytes(group) && page < page_count(group));
    std::copy_n(from.data(), from.size(), part(group).bytes.data() + page * page_bytes(group));
}

void HostPages::write(const Place& place, std::span<const float> from) {
    std::byte* to = part(layout_.group(place.layer)).bytes.data() + offset(place);
    if (layout_.type == KvType::f16) {
        for (std::size_t i = 0; i < from.size(); ++i) {
            const std::uint16_t half = float_to_half(from[i]);
            std::memcpy(to + 2 * i, &half, sizeof half);
        }
        return;
    }
    std::copy(from.begin(), from.end(), turned_.begin());
    turn_by_hadamard(std::span(turned_));
    for (std::size_t at = 0; at < turned_.size(); at += kBlock, to += block_bytes(layout_.type)) {
        const auto block = std::span<const float>(turned_).subspan(at, std::min(kBlock, turned_.size() - at));
        layout_.type == KvType::q8_0 ? round_q8(block, to) : round_q4(block, to);
    }
}

void HostPages::read(const Place& place, std::span<float> to) const {
    const std::byte* from = part(layout_.group(place.layer)).bytes.data() + offset(place);
    for (std::size_t i = 0; i < to.size(); ++i) {
        if (layout_.type == KvType::f16) {
            std::uint16_t half = 0;
            std::memcpy(&half, from + 2 * i, sizeof half);
            to[i] = half_to_float(half);
        } else {
            to[i] = value_of(layout_.type, from + i / kBlock * block_bytes(layout_.type), i % kBlock);
        }
    }
}

}  // namespace tendril::engine
