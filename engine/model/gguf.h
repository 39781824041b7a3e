// SPDX-License-Identifier: Apache-2.0
// Turns the bytes of an untrusted GGUF file (v2, v3) into checked metadata and tensor descriptions. Pure: no
// I/O, no globals, safe from any thread. Everything returned borrows the bytes, which must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

/// Value types of GGUF metadata, with the file's numbers.
enum class GgufType : std::uint32_t {
    u8 = 0,
    i8 = 1,
    u16 = 2,
    i16 = 3,
    u32 = 4,
    i32 = 5,
    f32 = 6,
    boolean = 7,
    string = 8,
    array = 9,
    u64 = 10,
    i64 = 11,
    f64 = 12
};

/// The texts of an array one after the other, without a list of them. Borrows the file's bytes.
class GgufStrings {
  public:
    GgufStrings(std::span<const std::byte> bytes, std::uint64_t count) : rest_(bytes), left_(count) {}
    /// Nothing behind the last one, and where the file has been changed since it was checked.
    std::optional<std::string_view> next();

  private:
    std::span<const std::byte> rest_;
    std::uint64_t left_;
};

/// One metadata value. Scalars are decoded on reading; array elements are decoded one by one or as a whole on
/// request.
struct GgufValue {
    std::string_view key;
    GgufType type = GgufType::u32;          ///< `array` for arrays
    GgufType element_type = GgufType::u32;  ///< of an array (never `array`: nested arrays are refused)
    std::uint64_t count = 1;                ///< elements of an array
    std::span<const std::byte> bytes;       ///< the value's bytes in the file; checked to be complete

    // Each gives nothing when the type does not fit (an integer of any width fits when its value does).
    std::optional<std::uint64_t> as_unsigned() const;
    std::optional<std::int64_t> as_integer() const;
    std::optional<double> as_number() const;
    std::optional<bool> as_bool() const;
    std::optional<std::string_view> as_string() const;
    std::optional<std::vector<std::string_view>> as_strings() const;
    std::optional<std::vector<std::int64_t>> as_integers() const;
    std::optional<std::vector<double>> as_numbers() const;
    std::optional<std::vector<bool>> as_bools() const;

    // Of an array's element `index`, below `count`; nothing when its type does not fit.
    std::optional<std::int64_t> integer_at(std::uint64_t index) const;
    std::optional<double> number_at(std::uint64_t index) const;
    std::optional<GgufStrings> strings() const;  ///< nothing when it is not an array of texts
};

struct GgufTensor {
    std::string_view name;
    DataType type = DataType::f32;
    std::size_t columns = 0;                ///< fastest dimension
    std::size_t rows = 0;                   ///< product of the other dimensions (1 for a vector)
    std::vector<std::uint64_t> dimensions;  ///< as in the file, fastest first; 1 to 4
    std::span<const std::byte>
        bytes;  ///< inside the file, size = rows * columns / block_elements * block_bytes
};

class GgufFile {
  public:
    /// Checks the whole header and that each tensor's bytes lie inside the file. `vocabulary_only` files (no
    /// tensors) are fine.
    static Result<GgufFile> parse(std::span<const std::byte> file);

    std::uint32_t version() const { return version_; }
    std::span<const GgufValue> metadata() const { return metadata_; }
    std::span<const GgufTensor> tensors() const { return tensors_; }
    const GgufValue* find(std::string_view key) const;           ///< null when absent
    const GgufTensor* find_tensor(std::string_view name) const;  ///< null when absent

  private:
    std::uint32_t version_ = 0;
    std::vector<GgufValue> metadata_;          // sorted by key
    std::vector<GgufTensor> tensors_;          // in file order
    std::vector<std::uint32_t> tensor_order_;  // tensors_ sorted by name
};

}  // namespace tendril::engine
