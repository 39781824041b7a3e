// SPDX-License-Identifier: Apache-2.0
// Draws on the device; see cuda_draw.h.
#include "engine/backend/cuda/cuda_draw.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

#include "engine/backend/cuda/kernels.h"

namespace tendril::cuda {
namespace {

constexpr const char* kDoing = "drawing tokens";

DrawRow row_of(const engine::Draw& how, std::size_t vocabulary) {
    DrawRow row;
    row.random = how.random;
    row.temperature = how.temperature;
    row.top_p = how.top_p;
    row.min_p = how.min_p;
    row.top_k = static_cast<std::size_t>(how.top_k) < vocabulary ? how.top_k : 0;
    row.reach = how.top_p >= 1.0F && how.min_p > 0.0F
                    ? static_cast<float>(static_cast<double>(how.temperature) * std::log(how.min_p))
                    : -std::numeric_limits<float>::infinity();
    return row;
}

/// Without top-k, all that top-p leaves would have to be sorted.
bool few_candidates(const engine::Draw& how) {
    return how.temperature == 0.0F || (how.top_k > 0 && how.top_k <= engine::Draw::kMostTopK) ||
           (how.top_k == 0 && how.top_p >= 1.0F && how.min_p > 0.0F);
}

}  // namespace

bool CudaDraw::reserve(std::size_t rows) {
    const std::size_t bytes = rows * sizeof(DrawRow);
    if (rows_.size() >= bytes) {
        return true;
    }
    launcher_.synchronize(kDoing);
    const std::size_t count = std::max<std::size_t>(std::bit_ceil(rows), 32);
    Result<DeviceMemory> there = DeviceMemory::take(count * sizeof(DrawRow), kDoing);
    Result<DeviceMemory> drawn = DeviceMemory::take(count * sizeof(std::int32_t), kDoing);
    Result<PinnedMemory> host = PinnedMemory::take(count * (sizeof(DrawRow) + sizeof(std::int32_t)), kDoing);
    if (!there || !drawn || !host) {
        return false;  // the host draws
    }
    rows_ = std::move(*there);
    drawn_ = std::move(*drawn);
    host_ = std::move(*host);
    return true;
}

bool CudaDraw::run(engine::Rows logits, std::span<const engine::Draw> how,
                   std::span<engine::TokenId> tokens) {
    assert(how.size() == tokens.size() && how.size() <= logits.rows);
    if (how.empty() || !reserve(how.size())) {
        return how.empty();
    }
    auto* const rows = host_.data<DrawRow>();  // the stream was waited for behind the last draw
    auto* const drawn = reinterpret_cast<std::int32_t*>(rows + rows_.size() / sizeof(DrawRow));
    for (std::size_t i = 0; i < how.size(); ++i) {
        rows[i] = row_of(how[i], logits.width);
        if (!few_candidates(how[i])) {
            return false;
        }
    }
    launcher_.copy(rows_.data(), rows, how.size() * sizeof(DrawRow), cudaMemcpyHostToDevice, kDoing);
    DrawArgs args;
    args.logits = logits.data;
    args.rows = rows_.data<DrawRow>();
    args.tokens = drawn_.data<std::int32_t>();
    args.vocabulary = static_cast<std::uint32_t>(logits.width);
    args.count = static_cast<std::uint32_t>(how.size());
    launcher_.run(draw, args, kDoing);
    launcher_.copy(drawn, drawn_.data(), how.size() * sizeof(std::int32_t), cudaMemcpyDeviceToHost, kDoing);
    launcher_.synchronize(kDoing);
    uploads_.synchronized();
    if (!launcher_.status()) {
        return false;
    }
    std::copy_n(drawn, tokens.size(), tokens.begin());
    return std::none_of(tokens.begin(), tokens.end(), [](engine::TokenId token) { return token < 0; });
}

}  // namespace tendril::cuda
