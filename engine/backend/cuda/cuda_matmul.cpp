// SPDX-License-Identifier: Apache-2.0
// Products of a group; see cuda_matmul.h.
#include "engine/backend/cuda/cuda_matmul.h"

#include <algorithm>

#include "engine/backend/cuda/cuda_weight.h"

namespace tendril::cuda {
namespace {

std::size_t stride_of(std::size_t width) {
    const std::size_t blocks = (width + kBlockColumns - 1) / kBlockColumns;
    return (blocks + kSuperBlocks - 1) / kSuperBlocks * kSuperBlocks;
}

}  // namespace

ProductPlanes planes_of(const engine::Product& product) {
    return {static_cast<const CudaWeight&>(*product.weight).planes(), product.bias, product.out.data};
}

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
    // A step may be filled up with rows that nobody rounds: they are computed with whatever is there.
    launcher_.note(cudaMemsetAsync(values->data(), 0, values->size(), launcher_.stream()),
                   "taking memory for steps");
    launcher_.note(cudaMemsetAsync(records->data(), 0, records->size(), launcher_.stream()),
                   "taking memory for steps");
    values_ = std::move(*values);
    records_ = std::move(*records);
    return {};
}

void CudaMatmul::run(engine::Rows in, std::span<const engine::Product> products) {
    if (blas_ != nullptr && in.rows >= CudaBlas::kLeastRows) {
        for (const engine::Product& product : products) {
            blas_->run(in, planes_of(product));
        }
        return;
    }
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

std::optional<QuantisedRows> CudaMatmul::place_for(engine::Rows rows) {
    if (Status status = reserve(rows.rows, rows.width); !status) {
        launcher_.fail_with(std::move(status.error()));
        return std::nullopt;
    }
    return QuantisedRows{values_.data<std::int8_t>(), records_.data<BlockRecord>(), stride_of(rows.width)};
}

std::optional<QuantisedRows> CudaMatmul::quantised(engine::Rows rows) {
    const std::optional<QuantisedRows> place = place_for(rows);
    const engine::Rows& there = quantised_.rows;
    if (!place || (quantised_.work == launcher_.work() && there.data == rows.data &&
                   there.rows == rows.rows && there.width == rows.width)) {
        return place;
    }
    QuantiseArgs args;
    args.in = rows.data;
    args.out = *place;
    args.rows = static_cast<std::uint32_t>(rows.rows);
    args.width = static_cast<std::uint32_t>(rows.width);
    launcher_.run(quantise, args, "multiplying");
    return place;
}

void CudaMatmul::run_quantised(engine::Rows in, std::span<const engine::Product> products) {
    const std::optional<QuantisedRows> rounded = quantised(in);
    if (!rounded) {
        return;
    }
    MatmulArgs args;
    args.in = *rounded;
    args.rows = static_cast<std::uint32_t>(in.rows);
    args.stages = stages_;
    const auto flush = [&] {
        if (args.count > 0 && in.rows <= kVectorRows) {
            VectorArgs vectors;
            vectors.product = args;
            launcher_.run(matmul_vectors, vectors, "multiplying");
        } else if (args.count > 0) {
            launcher_.run(matmul_tiles, args, "multiplying");
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
