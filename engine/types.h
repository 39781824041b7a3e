// SPDX-License-Identifier: Apache-2.0
// Small value types that all parts of the engine share. Pure, no state.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tendril::engine {

using TokenId = std::int32_t;
using PageId = std::uint32_t;

/// Whose text a request reads: what is kept of it may be forgotten together, and need not be shared.
struct CacheScope {
    std::uint64_t owner = 0;    ///< a conversation; 0 = nobody's
    bool keep_private = false;  ///< never on disk, never shared with another owner
};

inline constexpr std::size_t kPageTokens = 64;  ///< tokens of one KV page: one tile of the attention kernels
inline constexpr PageId kNoPage = 0xffffffffU;

/// How keys and values lie in KV pages. The quantised ones are rotated by a Hadamard matrix first
/// (backend.h).
enum class KvType : std::uint8_t { f16, q8_0, q4_0 };

/// As people write it, and as the disk tier tells pages apart by it.
constexpr const char* name_of(KvType type) {
    switch (type) {
        case KvType::f16:
            return "f16";
        case KvType::q8_0:
            return "q8_0";
        case KvType::q4_0:
            return "q4_0";
    }
    return "?";
}

/// Layers with a sliding window need the last positions only: they have pages, and page ids, of their own.
enum class PageGroup : std::uint8_t { full, window };

/// How the final states of a text's tokens become the one vector that stands for it.
enum class Pooling : std::uint8_t { mean, first, last };

/// Element types of tensors, named as in GGUF. The numeric values are ours, not the file's.
enum class DataType : std::uint8_t { f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0, q4_k, q5_k, q6_k };

/// How the elements of a type lie in memory: consecutive blocks of `block_elements` values in `block_bytes`
/// bytes.
struct DataTypeTraits {
    const char* name;  ///< as people write it: "Q4_K"
    std::size_t block_elements;
    std::size_t block_bytes;
};

constexpr DataTypeTraits traits(DataType type) {
    switch (type) {
        case DataType::f32:
            return {"F32", 1, 4};
        case DataType::f16:
            return {"F16", 1, 2};
        case DataType::bf16:
            return {"BF16", 1, 2};
        case DataType::q4_0:
            return {"Q4_0", 32, 18};
        case DataType::q4_1:
            return {"Q4_1", 32, 20};
        case DataType::q5_0:
            return {"Q5_0", 32, 22};
        case DataType::q5_1:
            return {"Q5_1", 32, 24};
        case DataType::q8_0:
            return {"Q8_0", 32, 34};
        case DataType::q4_k:
            return {"Q4_K", 256, 144};
        case DataType::q5_k:
            return {"Q5_K", 256, 176};
        case DataType::q6_k:
            return {"Q6_K", 256, 210};
    }
    return {"?", 1, 1};
}

}  // namespace tendril::engine
