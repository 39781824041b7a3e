// SPDX-License-Identifier: Apache-2.0
// Shared parts of the op tests; see ops_fixture.h.
#include "tests/ops/ops_fixture.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "engine/backend/weight_source.h"
#include "engine/half.h"
#include "engine/model/dequantize.h"

namespace tendril::engine::test {

std::vector<float> random_rows(Random& random, std::size_t rows, std::size_t width) {
    std::normal_distribution<float> normal;
    std::vector<float> out(rows * width);
    for (float& value : out) {
        value = normal(random) * (random() % 50 == 0 ? 10.0F : 1.0F);
    }
    return out;
}

namespace {

void put_half(std::byte* at, float value) {
    const std::uint16_t bits = float_to_half(value);
    std::memcpy(at, &bits, sizeof bits);
}

/// Offsets of the f16 scales of a block, so that random bits do not become infinite ones.
std::vector<std::size_t> scale_offsets(DataType type) {
    switch (type) {
        case DataType::q4_0:
        case DataType::q5_0:
        case DataType::q8_0:
            return {0};
        case DataType::q6_k:
            return {208};
        default:
            return {0, 2};
    }
}

}  // namespace

std::vector<std::byte> random_weight(Random& random, DataType type, std::size_t rows, std::size_t columns) {
    const DataTypeTraits t = traits(type);
    const std::size_t blocks = rows * columns / t.block_elements;
    std::vector<std::byte> out(blocks * t.block_bytes);
    std::normal_distribution<float> normal(0.0F, 0.03F);
    for (std::size_t b = 0; b < blocks; ++b) {
        std::byte* block = out.data() + b * t.block_bytes;
        if (type == DataType::f32) {
            const float value = normal(random);
            std::memcpy(block, &value, sizeof value);
        } else if (type == DataType::f16) {
            put_half(block, normal(random));
        } else if (type == DataType::bf16) {
            const std::uint16_t bits = float_to_bfloat16(normal(random));
            std::memcpy(block, &bits, sizeof bits);
        } else {
            for (std::size_t i = 0; i < t.block_bytes; ++i) {
                block[i] = static_cast<std::byte>(random());
            }
            for (const std::size_t at : scale_offsets(type)) {
                put_half(block + at, normal(random) * 0.1F);
            }
        }
    }
    return out;
}

WeightSource source_of(DataType type, std::size_t rows, std::size_t columns,
                       std::span<const std::byte> bytes) {
    return {type, rows, columns, bytes};
}

std::vector<float> weight_floats(const WeightSource& source) {
    std::vector<float> out(source.rows * source.columns);
    dequantize(source.type, source.bytes, out);
    return out;
}

std::vector<float> quantised_rows(std::span<const float> rows) {
    std::vector<float> out(rows.begin(), rows.end());
    for (std::size_t at = 0; at + 32 <= out.size(); at += 32) {
        float most = 0.0F;
        for (std::size_t i = 0; i < 32; ++i) {
            most = std::max(most, std::fabs(out[at + i]));
        }
        const float inverse = most > 0.0F ? 127.0F / most : 0.0F;
        for (std::size_t i = 0; i < 32; ++i) {
            out[at + i] = std::nearbyint(out[at + i] * inverse) * (most / 127.0F);
        }
    }
    return out;
}

std::unique_ptr<Backend> cpu(Isa isa, unsigned threads) {
    auto backend = make_cpu_backend({threads, isa});
    if (!backend) {
        std::printf("NOT RUN on this host: %s (%s)\n", name(isa), backend.error().message.c_str());
        return nullptr;
    }
    return std::move(*backend);
}

DeviceRows::DeviceRows(Backend& backend, std::size_t rows, std::size_t width)
    : backend_(backend),
      buffer_(std::move(*backend.allocate(rows * width))),
      rows_{buffer_->data(), rows, width} {}

DeviceRows::DeviceRows(Backend& backend, std::size_t width, std::span<const float> values)
    : DeviceRows(backend, values.size() / width, width) {
    set(values);
}

std::vector<float> DeviceRows::values() const {
    std::vector<float> out(rows_.rows * rows_.width);
    backend_.download(rows_.data, out);
    return out;
}

void DeviceRows::set(std::span<const float> values) {
    backend_.upload(values, rows_.data);
}

std::vector<float> product(Backend& backend, const WeightSource& source, std::span<const float> in,
                           std::span<const float> bias) {
    auto weight = backend.prepare(source);
    if (!weight || in.size() % source.columns != 0) {
        return {};
    }
    const DeviceRows input(backend, source.columns, in);
    const DeviceRows output(backend, input.rows().rows, source.rows);
    std::optional<DeviceRows> device_bias;
    if (!bias.empty()) {
        device_bias.emplace(backend, bias.size(), bias);
    }
    [[maybe_unused]] const Status reserved = backend.reserve(input.rows().rows, source.columns);
    const Product one{weight->get(), device_bias ? device_bias->data() : nullptr, output.rows()};
    backend.matmul(input.rows(), std::span(&one, 1));
    return output.values();
}

double worst(std::span<const float> got, std::span<const float> wanted, std::span<const double> scale) {
    if (got.size() != wanted.size() || got.empty()) {
        return std::numeric_limits<double>::infinity();
    }
    double out = 0.0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const double error =
            std::fabs(static_cast<double>(got[i]) - static_cast<double>(wanted[i])) / scale[i];
        out = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(out, error);
    }
    return out;
}

double worst(std::span<const float> got, std::span<const float> wanted, double scale) {
    return worst(got, wanted, std::vector<double>(got.size(), scale));
}

std::vector<double> product_scale(std::span<const float> weight, std::span<const float> in,
                                  std::size_t columns) {
    const auto lengths = [columns](std::span<const float> rows) {
        std::vector<double> out(rows.size() / columns);
        for (std::size_t r = 0; r < out.size(); ++r) {
            double sum = 0.0;
            for (const float value : rows.subspan(r * columns, columns)) {
                sum += static_cast<double>(value) * static_cast<double>(value);
            }
            out[r] = std::sqrt(sum) + 1e-30;
        }
        return out;
    };
    const std::vector<double> w = lengths(weight);
    std::vector<double> out;
    for (const double x : lengths(in)) {
        for (const double length : w) {
            out.push_back(x * length);
        }
    }
    return out;
}

}  // namespace tendril::engine::test
