// SPDX-License-Identifier: Apache-2.0
// A weight matrix in the layout of packed_format.h: made once at load, read by the kernels, and by the
// embedding lookup.
#pragma once

#include <span>

#include "engine/backend/backend.h"
#include "engine/backend/cpu/huge_memory.h"
#include "engine/backend/cpu/packed_format.h"

namespace tendril::engine {

class PackedWeight final : public Weight {
  public:
    PackedWeight(DataType type, std::size_t rows, std::size_t columns, WeightArena::Piece memory);

    std::size_t rows() const override { return rows_; }
    std::size_t columns() const override { return columns_; }
    std::size_t bytes() const override { return groups() * shape_.group_bytes; }
    bool borrows_source() const override { return false; }

    DataType type() const { return type_; }
    std::size_t groups() const { return (rows_ + kGroup - 1) / kGroup; }
    const PackedShape& shape() const { return shape_; }
    const std::uint8_t* group(std::size_t index) const { return memory_.data + index * shape_.group_bytes; }

    /// Fills one group from the source's rows (rows beyond the last stay zero). Groups may be filled by
    /// several threads.
    void pack_group(const WeightSource& source, std::size_t index);
    /// One output's weights as floats.
    void unpack_row(std::size_t row, std::span<float> to) const;

  private:
    DataType type_;
    std::size_t rows_;
    std::size_t columns_;
    PackedShape shape_;
    WeightArena::Piece memory_;
};

/// Bytes of a matrix in this layout.
std::size_t packed_bytes(DataType type, std::size_t rows, std::size_t columns);

}  // namespace tendril::engine
