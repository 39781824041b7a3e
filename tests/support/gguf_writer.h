// SPDX-License-Identifier: Apache-2.0
// Writes GGUF files for tests: any metadata, any tensors, right or deliberately wrong, and whole tiny models
// with random weights. One thread; no dependency on the reader, so that the two check each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace tendril::test {

using Bytes = std::vector<std::byte>;

/// A sequence of random numbers that is the same everywhere (splitmix64).
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    float uniform(float low, float high);

  private:
    std::uint64_t state_;
};

class GgufWriter {
  public:
    std::uint32_t version = 3;
    std::string magic = "GGUF";
    std::uint64_t alignment =
        32;  ///< of the tensors' data; write the key general.alignment as well when it is not 32

    GgufWriter& add_u32(std::string_view key, std::uint32_t value);
    GgufWriter& add_i32(std::string_view key, std::int32_t value);
    GgufWriter& add_u64(std::string_view key, std::uint64_t value);
    GgufWriter& add_f32(std::string_view key, float value);
    GgufWriter& add_bool(std::string_view key, bool value);
    GgufWriter& add_string(std::string_view key, std::string_view value);
    GgufWriter& add_strings(std::string_view key, const std::vector<std::string>& values);
    GgufWriter& add_i32s(std::string_view key, const std::vector<std::int32_t>& values);
    GgufWriter& add_f32s(std::string_view key, const std::vector<float>& values);
    GgufWriter& add_bools(std::string_view key, const std::vector<bool>& values);
    /// A key with the number of any type and any bytes behind it.
    GgufWriter& add_raw(std::string_view key, std::uint32_t type, const Bytes& value);
    /// Takes a key away, so that another can take its place; nothing when it is not there.
    GgufWriter& remove(std::string_view key);

    /// `bytes` may be of any size; `type` is the file's number. Offsets are given in order, each aligned.
    GgufWriter& add_tensor(std::string_view name, std::vector<std::uint64_t> dimensions, std::uint32_t type,
                           Bytes bytes);
    /// Stores values as F32, F16, BF16 or Q8_0.
    GgufWriter& add_tensor(std::string_view name, std::vector<std::uint64_t> dimensions,
                           engine::DataType type, std::span<const float> values);
    /// Describes a tensor of `size` bytes that bytes() leaves out: for write_sparse(), and for files that are
    /// cut short.
    GgufWriter& add_hollow_tensor(std::string_view name, std::vector<std::uint64_t> dimensions,
                                  std::uint32_t type, std::uint64_t size);
    GgufWriter& remove_tensor(std::string_view name);

    Bytes bytes() const;
    std::size_t header_bytes() const;  ///< of bytes(), those in front of the tensors' data (not aligned)
    bool write(const std::filesystem::path& path) const;
    /// The header, and a hole of the size of all tensors behind it.
    bool write_sparse(const std::filesystem::path& path) const;

  private:
    struct Key {
        std::string name;
        std::uint32_t type = 0;
        Bytes value;
    };
    struct Tensor {
        std::string name;
        std::vector<std::uint64_t> dimensions;
        std::uint32_t type = 0;
        Bytes bytes;
        std::uint64_t hollow = 0;
    };
    Bytes header() const;
    std::uint64_t next_offset(std::uint64_t offset, const Tensor& tensor) const;
    std::vector<Key> keys_;
    std::vector<Tensor> tensors_;
};

/// Appends a little-endian number or the bytes of a text, without its length.
template <typename T>
void append(Bytes& to, T value);
void append(Bytes& to, std::string_view text);

/// The bytes of `values` in F32, F16, BF16 or Q8_0.
Bytes encode(engine::DataType type, std::span<const float> values);
/// Random blocks of any type with finite scales: values are of the order of `scale`.
Bytes random_blocks(engine::DataType type, std::size_t elements, float scale, Random& random);

struct TinyModel {
    std::string architecture = "llama";  ///< llama, qwen2, qwen3, gemma3
    std::uint32_t layers = 2;
    std::uint32_t width = 64;
    std::uint32_t heads = 4;
    std::uint32_t kv_heads = 2;
    std::uint32_t head_size = 16;  ///< written as key_length when it is not width / heads
    std::uint32_t feed_forward = 128;
    std::uint32_t context = 256;
    std::uint32_t window = 32;                      ///< gemma3 only
    engine::DataType type = engine::DataType::f32;  ///< of the matrices
    bool tied = true;
    bool rope_factors = false;  ///< as Llama 3.x files have them
    std::uint64_t seed = 1;
};

/// A whole model with random weights and a byte-level tokenizer (gpt2) of kTinyVocabulary tokens: 0 to 255
/// are the bytes, 256
/// "<|endoftext|>" (eos), 257 "<|im_start|>", 258 "<|im_end|>", 259 "th", 260 "the", then unused ones.
GgufWriter tiny_model(const TinyModel& options);
inline constexpr std::uint32_t kTinyVocabulary = 264;

}  // namespace tendril::test
