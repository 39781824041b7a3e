// SPDX-License-Identifier: Apache-2.0
// What the op tests share: seeded data, weights of every type, a backend of every instruction set, and the
// comparison.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/cpu_backend.h"

namespace tendril::engine::test {

inline constexpr DataType kAllTypes[] = {DataType::f32,  DataType::f16,  DataType::bf16, DataType::q4_0,
                                         DataType::q4_1, DataType::q5_0, DataType::q5_1, DataType::q8_0,
                                         DataType::q4_k, DataType::q5_k, DataType::q6_k};

using Random = std::mt19937;

/// Normal values, with one in 50 ten times as large, as activations have them.
std::vector<float> random_rows(Random& random, std::size_t rows, std::size_t width);

/// Bytes of a matrix with random bits and scales of a plausible size.
std::vector<std::byte> random_weight(Random& random, DataType type, std::size_t rows, std::size_t columns);
WeightSource source_of(DataType type, std::size_t rows, std::size_t columns,
                       std::span<const std::byte> bytes);
/// The same matrix as floats, [rows][columns].
std::vector<float> weight_floats(const WeightSource& source);

/// What the int8 quantisation of activations (blocks of 32, scale = largest / 127) makes of them.
std::vector<float> quantised_rows(std::span<const float> rows);

/// A backend of this instruction set; nullptr, and a line that says so, where the host lacks it.
std::unique_ptr<Backend> cpu(Isa isa, unsigned threads = 2);

/// Floats in a backend's memory.
class DeviceRows {
  public:
    DeviceRows(Backend& backend, std::size_t rows, std::size_t width);
    DeviceRows(Backend& backend, std::size_t width, std::span<const float> values);
    Rows rows() const { return rows_; }
    const float* data() const { return rows_.data; }
    std::vector<float> values() const;
    void set(std::span<const float> values);

  private:
    Backend& backend_;
    std::unique_ptr<Buffer> buffer_;
    Rows rows_;
};

/// in · weightᵀ + bias on a backend.
std::vector<float> product(Backend& backend, const WeightSource& source, std::span<const float> in,
                           std::span<const float> bias = {});

/// Largest |got - wanted| / scale, scale given for each value; NaN counts as infinite.
double worst(std::span<const float> got, std::span<const float> wanted, std::span<const double> scale);
double worst(std::span<const float> got, std::span<const float> wanted, double scale);

/// ||w_o|| * ||x_r|| for each output of each row: what errors of a product are measured against.
std::vector<double> product_scale(std::span<const float> weight, std::span<const float> in,
                                  std::size_t columns);

}  // namespace tendril::engine::test
