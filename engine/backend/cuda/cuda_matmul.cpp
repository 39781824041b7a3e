// SPDX-License-Identifier: Apache-2.0
// Products of a group; see cuda_matmul.h.
#include "engine/backend/cuda/cuda_matmul.h"

#include <algorithm>

#include "engine/backend/cuda/cuda_weight.h"

namespace tendril::cuda {
namespace {

constexpr std::size_t kVectorRows = 8;  // more rows go to the tensor cores

std::size_t stride_of(std::size_t width) {
    const std::size_t blocks = (width + kBlockColumns - 1) / kBlockColumns;
    return (blocks + kSuperBlocks - 1) / kSuperBlocks * kSuperBlocks;
}

ProductPlanes planes_of(const engine::Product& product) {
    return {static_cast<const CudaWeight&>(*product.weight).planes(), product.bias, product.out.data};
}

}  // namespace

Status CudaMatmul::reserve(std::size_t rows, std::size_t width) {
    const std::size_t blocks = rows * stride_of(width);
    if (values_.size() >= blocks * kBlockColumns) {
        return {};
    }
    launcher_.synchronize("taking memory for steps");  // kernels under way may use the old space
    Result<DeviceMemory> values = DeviceMemory::take(blocks * kBlockColumns, "taking memory for steps");
    if (!values) {
        return fail(std::move(values.error()));
    }
    Result<DeviceMemory> records =
        DeviceMemory::take(blocks * sizeof(BlockRecord), "taking memory for steps");
    if (!records) {
        return fail(std::move(records.error()));
    }
    values_ = std::move(*values);
    records_ = std::move(*records);
    return {};
}

void CudaMatmul::run(engine::Rows in, std::span<const engine::Product> products) {
    bool quantised = false;
    for (const engine::Product& product : products) {
        const ProductPlanes planes = planes_of(product);
        if (!is_float(planes.weight.type)) {
            quantised = true;
            continue;
        }
        FloatMatmulArgs args;
        args.in = in.data;
        args.product = planes;
        args.rows = static_cast<std::uint32_t>(in.rows);
        args.width = static_cast<std::uint32_t>(in.width);
        launcher_.run(matmul_floats, args, "multiplying");
    }
    if (quantised) {
        run_quantised(in, products);
    }
}

void CudaMatmul::run_quantised(engine::Rows in, std::span<const engine::Product> products) {
    if (Status status = reserve(in.rows, in.width); !status) {
        launcher_.fail_with(std::move(status.error()));
        return;
    }
    QuantiseArgs quantise_args;
    quantise_args.in = in.data;
    quantise_args.out = {values_.data<std::int8_t>(), records_.data<BlockRecord>(), stride_of(in.width)};
    quantise_args.rows = static_cast<std::uint32_t>(in.rows);
    quantise_args.width = static_cast<std::uint32_t>(in.width);
    launcher_.run(quantise, quantise_args, "multiplying");
    MatmulArgs args;
    args.in = quantise_args.out;
    args.rows = quantise_args.rows;
    args.stages = stages_;
    const auto flush = [&] {
        if (args.count > 0) {
            launcher_.run(in.rows <= kVectorRows ? matmul_vectors : matmul_tiles, args, "multiplying");
        }
        std::fill(std::begin(args.products), std::end(args.products), ProductPlanes());
        args.count = 0;
    };
    for (const engine::Product& product : products) {
        const ProductPlanes planes = planes_of(product);
        if (!is_float(planes.weight.type)) {
            args.products[args.count++] = planes;
        }
        if (args.count == kMostProducts) {
            flush();
        }
    }
    flush();
}

}  // namespace tendril::cuda
