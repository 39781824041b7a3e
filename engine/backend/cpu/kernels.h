// SPDX-License-Identifier: Apache-2.0
// What the kernels of an instruction set offer: tables of functions over plain memory. Kernel files are
// compiled with flags of their instruction set, so they include no standard header with inline code, and
// nothing but these tables leaves them. All functions: any thread, no allocation; results of a row are
// independent of other rows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tendril::engine {

/// Rows of activations in int8, 32 inputs of `T` rows together. value = scale * q.
template <int T>
struct ActivationBlock {
    std::int8_t q[T][32];
    float scale[T];
    float sum[T];                  ///< scale * sum of q
    std::int32_t minus_sum[2][T];  ///< -(sum of q) of the first and the second 16 inputs
};
inline constexpr int kTile = 8;  ///< rows of a tile; a single row is kept as ActivationBlock<1>

/// A piece of a product: `groups` groups of outputs for `rows` rows.
struct MatmulPiece {
    const std::uint8_t* weight;  // packed_format.h, the first group
    std::size_t group_bytes;
    std::size_t quant_start;
    std::size_t groups;
    std::size_t blocks;        // of 32 inputs; float weights: inputs
    const void* activations;   // quantised: ActivationBlock[tile][blocks], <1> when single; else floats
    std::size_t input_stride;  // float inputs: floats from row to row
    bool single;               // one row, in ActivationBlock<1>
    std::size_t rows;
    float* out;              // the piece's first output of its first row
    std::size_t out_stride;  // floats from row to row
    std::size_t outputs;     // valid ones in these groups
    const float* bias;       // of the piece's first output, or null
};

using MatmulFunction = void (*)(const MatmulPiece&);

struct MatmulKernels {
    MatmulFunction by_type[11];  // index: DataType
};

struct VectorKernels {
    /// `rows` (<= kTile) rows to one tile (or to ActivationBlock<1> when single); missing rows of a tile
    /// become zero.
    void (*quantise)(const float* in, std::size_t stride, std::size_t rows, std::size_t blocks, bool single,
                     void* tile);
    void (*rms_norm)(const float* in, const float* weight, float epsilon, float* out, std::size_t width);
    void (*add)(const float* from, float* to, std::size_t count);
    void (*silu)(const float* gate, const float* up, float* out, std::size_t count);
    void (*gelu_tanh)(const float* gate, const float* up, float* out, std::size_t count);
    void (*soft_cap)(float cap, float* x, std::size_t count);
    /// cosine, sine: [size / 2]; halves: pairs (i, i + size/2), else (2i, 2i + 1).
    void (*rope)(float* x, std::size_t heads, std::size_t size, const float* cosine, const float* sine,
                 bool halves);
    void (*to_half)(const float* from, std::uint16_t* to, std::size_t count);
    void (*exponential)(const float* from, float* to, std::size_t count);  // for tests: the kernels' exp
};

/// 32 inputs of a query as whole numbers, for integer products: value = scale * (256 * high + low).
struct QueryBlock {
    std::int8_t high[32];
    std::int8_t low[32];
    float scale;
    std::int32_t minus_sum;  ///< -(sum of 256 * high + low)
};

/// A page of one key/value head against several queries; layouts in kv_pages.h. Partial softmax over the
/// page; see attention_kernels.inl.
struct AttentionPage {
    const std::uint8_t* keys;
    const std::uint16_t* key_scales;  // quantised types
    const std::uint8_t* values;
    const std::uint16_t* value_scales;
    std::size_t head_size;
    std::size_t padded;               // head size, up to whole vectors
    const float* queries;             // [count][padded], scaled (see softcap); zeros behind the head size
    const QueryBlock* whole_queries;  // [count][padded / 32], where AttentionKernels::whole_query made them
    std::size_t count;
    const std::int32_t*
        begin;  // [count] visible positions of the page: begin <= p < end; none when end <= begin
    const std::int32_t* end;
    float softcap;    // 0: none, and queries are times log2 e as well
    float* scores;    // scratch [count][64]
    float* weights;   // scratch [count][64], quantised types
    float* unpacked;  // scratch [64 * padded]
    float* out;       // [count][padded], not divided by the sum
    float* maximum;   // [count], of scores times log2 e
    float* sum;       // [count]
};

/// Running softmax of several queries; initially 0, -infinity, 0.
struct AttentionState {
    float* out;      // [count][padded]
    float* maximum;  // [count]
    float* sum;      // [count]
    std::size_t padded;
};

struct AttentionKernels {
    void (*page[3])(const AttentionPage&);  // index: KvType
    /// Adds a page's parts, in the layout of AttentionPage; queries whose part has the sum 0 keep their
    /// state.
    void (*merge)(const AttentionState& state, std::size_t count, const float* part,
                  const float* part_maximum, const float* part_sum);
    /// Scores alone, [count][64], times log2 e, minus infinity outside [begin, end); with maximum and sum as
    /// `page` gives them. Of an AttentionPage neither values, weights nor out are touched. Index: KvType.
    void (*score[3])(const AttentionPage&);
    /// peaks[i] = max(peaks[i], scores[i] - by), 64 of them.
    void (*raise)(const float* scores, float by, float* peaks);
    /// sums[i] += 2^(scores[i] - by)
    void (*add_shares)(const float* scores, float by, float* sums);
    void (*finish)(const float* from, float sum, float* to, std::size_t count);  // to = from / sum
    /// In place, times the normalised Hadamard matrix of the largest power of two that divides `size`.
    void (*hadamard)(float* x, std::size_t size);
    /// 32 values to signed codes and an f16 scale; index: KvType, none for f16. q4_0: codes -8 to 7.
    void (*round[3])(const float* from, std::int8_t* codes, std::uint16_t* scale);
    /// A query for pages of quantised types; null where the instruction set has no use for it.
    void (*whole_query)(const float* from, std::size_t blocks, QueryBlock* to);
};

extern const MatmulKernels kMatmulScalar, kMatmulAvx2, kMatmulAvxVnni, kMatmulAvx512, kMatmulAvx512Vnni,
    kMatmulAvx512Bf16, kMatmulAmx, kMatmulAmxEmulated;
extern const VectorKernels kVectorScalar, kVectorAvx2, kVectorAvx512;
extern const AttentionKernels kAttentionScalar, kAttentionAvx2, kAttentionAvxVnni, kAttentionAvx512,
    kAttentionAvx512Vnni;

}  // namespace tendril::engine
