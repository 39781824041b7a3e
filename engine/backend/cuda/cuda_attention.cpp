// SPDX-License-Identifier: Apache-2.0
// Attention and rotary tables; see cuda_attention.h.
#include "engine/backend/cuda/cuda_attention.h"

#include <bit>
#include <numbers>
#include <vector>

#include "engine/backend/rope_frequencies.h"

namespace tendril::cuda {
namespace {

constexpr std::size_t kPartialFloats = std::size_t{4} << 20;
constexpr std::size_t kCounters = std::size_t{1} << 14;

}  // namespace

Result<std::unique_ptr<CudaRope>> CudaRope::make(const engine::RopeSettings& settings, std::size_t head_size,
                                                 Launcher& launcher) {
    Result<engine::RopeFrequencies> frequencies = engine::rope_frequencies(settings, head_size);
    if (!frequencies) {
        return fail(std::move(frequencies.error()));
    }
    std::unique_ptr<CudaRope> rope(new CudaRope);
    std::vector<double> turns;
    for (const double step : frequencies->step) {
        turns.push_back(step * 2.0 / std::numbers::pi);
    }
    Result<DeviceMemory> memory =
        DeviceMemory::take(turns.size() * sizeof(double), "taking memory for the angles");
    if (!memory) {
        return fail(std::move(memory.error()));
    }
    rope->turns_ = std::move(*memory);
    rope->magnitude_ = static_cast<float>(frequencies->magnitude);
    rope->adjacent_ = settings.pairing == engine::RopeSettings::Pairing::adjacent ? 1 : 0;
    launcher.copy(rope->turns_.data(), turns.data(), turns.size() * sizeof(double), cudaMemcpyHostToDevice,
                  "writing the angles");
    launcher.synchronize("writing the angles");
    if (!launcher.status()) {
        return fail(launcher.status().error());
    }
    return rope;
}

Status CudaAttention::reserve() {
    if (partials_.size() != 0) {
        return {};
    }
    Result<DeviceMemory> partials =
        DeviceMemory::take(kPartialFloats * sizeof(float), "taking memory for steps");
    if (!partials) {
        return fail(std::move(partials.error()));
    }
    Result<DeviceMemory> arrived = launcher_.zeroed_counters(kCounters);
    if (!arrived) {
        return fail(std::move(arrived.error()));
    }
    partials_ = std::move(*partials);
    arrived_ = std::move(*arrived);
    return launcher_.status();
}

void CudaAttention::run(const CudaPages& pages, const engine::AttentionSettings& settings,
                        const engine::StepPlan& plan, engine::Rows q, engine::Rows out,
                        const QuantisedRows& quantised) {
    if (Status status = reserve(); !status) {
        launcher_.fail_with(std::move(status.error()));
        return;
    }
    const engine::KvLayout& layout = pages.layout();
    AttentionArgs args;
    args.planes = pages.planes(settings.layer);
    args.step = uploads_.tables(plan, pages);
    const auto blocks = uploads_.blocks(plan, settings.heads / layout.kv_heads, settings.window);
    args.block_views = blocks.list;
    args.blocks = blocks.count;
    args.q = q.data;
    args.out = out.data;
    args.quantised = quantised;
    args.partials = partials_.data<float>();
    args.arrived = arrived_.data<std::uint32_t>();
    if (settings.rope != nullptr) {
        args.angles = static_cast<const CudaRope*>(settings.rope)->angles();
    }
    args.heads = static_cast<std::uint32_t>(settings.heads);
    args.kv_heads = static_cast<std::uint32_t>(layout.kv_heads);
    args.head_size = static_cast<std::uint32_t>(layout.head_size);
    args.window = static_cast<std::uint32_t>(settings.window);
    args.scale = settings.scale;
    args.softcap = settings.softcap;
    const std::size_t whole = static_cast<std::size_t>(blocks.count) * args.kv_heads;
    const std::uint32_t splits =
        std::bit_ceil(blocks.most_chunks);  // by powers of two: fewer different launches
    const std::size_t floats = whole * splits * kQueries * (args.planes.padded_size + 2);
    args.splits = whole < enough_blocks_ && whole <= kCounters && floats <= kPartialFloats ? splits : 1;
    launcher_.run(attention, args, "attending");
}

}  // namespace tendril::cuda
