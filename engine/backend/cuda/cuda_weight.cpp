// SPDX-License-Identifier: Apache-2.0
// Packing and uploading of weights; see cuda_weight.h. Engine thread; packing forks over the host's cores.
#include "engine/backend/cuda/cuda_weight.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "engine/backend/cuda/pack_rows.h"
#include "engine/backend/weight_source.h"

namespace tendril::cuda {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kSlice = std::size_t{16} << 20;      // bytes of the source that are packed at once
constexpr std::size_t kForkFrom = std::size_t{256} << 10;  // bytes of a slice that are worth a thread

std::size_t aligned(std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}
std::size_t blocks_of(std::size_t columns) {
    return (columns + kBlockColumns - 1) / kBlockColumns;
}

/// Bytes of `count` rows in each plane, in the order of PlaneOffsets.
struct PlaneBytes {
    std::size_t quants, high, scales, supers;
    PlaneBytes(DataType type, std::size_t blocks, std::size_t count)
        : quants(count * blocks * quant_bytes(type)),
          high(count * blocks * high_bytes(type)),
          scales(count * blocks * scale_bytes(type) / kSuperBlocks),
          supers(type == DataType::q6_k ? count * blocks / kSuperBlocks * 2 : 0) {}
};

/// Packs rows on as many threads as they are worth.
void pack(const engine::WeightSource& source, std::size_t first, std::size_t count, const HostPlanes& to) {
    const std::size_t bytes = count * engine::row_bytes(source);
    const std::size_t most = std::max(1U, std::min(8U, std::thread::hardware_concurrency()));
    const std::size_t threads = std::clamp<std::size_t>(bytes / kForkFrom, 1, std::min(most, count));
    const auto part = [&](std::size_t index) {
        const std::size_t begin = count * index / threads;
        const std::size_t end = count * (index + 1) / threads;
        const PlaneBytes skip(source.type, blocks_of(source.columns), begin);
        pack_rows(
            source, first + begin, end - begin,
            {to.quants + skip.quants, to.high + skip.high, to.scales + skip.scales, to.supers + skip.supers});
    };
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) {
        others.emplace_back(part, i);
    }
    part(0);
}

}  // namespace

PlaneOffsets plane_offsets(DataType type, std::size_t rows, std::size_t columns) {
    const PlaneBytes bytes(type, blocks_of(columns), rows);
    PlaneOffsets out;
    out.high = aligned(bytes.quants);
    out.scales = out.high + aligned(bytes.high);
    out.supers = out.scales + aligned(bytes.scales);
    out.total = out.supers + aligned(bytes.supers);
    return out;
}

Result<std::unique_ptr<CudaWeight>> CudaWeight::make(const engine::WeightSource& source,
                                                     cudaStream_t stream) {
    const PlaneOffsets at = plane_offsets(source.type, source.rows, source.columns);
    Result<DeviceMemory> memory = DeviceMemory::take(at.total, "taking memory for the weights");
    if (!memory) {
        return fail(std::move(memory.error()));
    }
    std::unique_ptr<CudaWeight> weight(new CudaWeight);
    weight->memory_ = std::move(*memory);
    weight->columns_ = source.columns;
    auto* const base = weight->memory_.data<std::uint8_t>();
    WeightPlanes& planes = weight->planes_;
    planes.quants = base + at.quants;
    planes.high = base + at.high;
    planes.scales = base + at.scales;
    planes.supers = base + at.supers;
    planes.rows = static_cast<std::uint32_t>(source.rows);
    planes.blocks = static_cast<std::uint32_t>(blocks_of(source.columns));
    planes.type = source.type;

    const std::size_t row = engine::row_bytes(source);
    const std::size_t step = std::clamp<std::size_t>(kSlice / row, 1, source.rows);
    const PlaneBytes most(source.type, planes.blocks, step);
    std::vector<std::uint8_t> host(most.quants + most.high + most.scales + most.supers);
    const HostPlanes to{host.data(), host.data() + most.quants, host.data() + most.quants + most.high,
                        host.data() + most.quants + most.high + most.scales};
    for (std::size_t first = 0; first < source.rows; first += step) {
        const std::size_t count = std::min(step, source.rows - first);
        pack(source, first, count, to);
        const PlaneBytes skip(source.type, planes.blocks, first);
        const PlaneBytes size(source.type, planes.blocks, count);
        const auto upload = [&](std::size_t offset, const std::uint8_t* from, std::size_t bytes) {
            return bytes == 0 ? cudaSuccess
                              : cudaMemcpyAsync(base + offset, from, bytes, cudaMemcpyHostToDevice, stream);
        };
        cudaError_t error = upload(at.quants + skip.quants, to.quants, size.quants);
        error = error == cudaSuccess ? upload(at.high + skip.high, to.high, size.high) : error;
        error = error == cudaSuccess ? upload(at.scales + skip.scales, to.scales, size.scales) : error;
        error = error == cudaSuccess ? upload(at.supers + skip.supers, to.supers, size.supers) : error;
        error = error == cudaSuccess ? cudaStreamSynchronize(stream) : error;
        if (Status status = check(error, "reading the weights"); !status) {
            return fail(std::move(status.error()));
        }
        if (source.copied != nullptr && *source.copied) {
            (*source.copied)(source.bytes.subspan(first * row, count * row));
        }
    }
    return weight;
}

}  // namespace tendril::cuda
