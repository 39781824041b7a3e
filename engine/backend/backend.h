// SPDX-License-Identifier: Apache-2.0
// The whole contract between the engine and a device: memory, weights in the device's own layout, and about a
// dozen ops. One implementation per folder: reference/ (plain C++, the oracle), cpu/ (vectorised), cuda/ (a
// plugin). All calls come from the engine thread; a backend may fork inside a call but has joined when the
// call returns (CUDA: when download() returns). Deterministic: the bits of a row's result depend neither on
// the other rows of the step nor on their number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/backend/kv_pages.h"
#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

/// Memory of the backend's device, in floats. `data()` is a device pointer: only ops, upload and download may
/// touch it.
class Buffer {
  public:
    virtual ~Buffer() = default;
    virtual float* data() = 0;
    virtual std::size_t size() const = 0;  ///< floats
    const float* data() const { return const_cast<Buffer*>(this)->data(); }
};

/// A dense row-major matrix of activations in device memory: [rows][width] f32.
struct Rows {
    float* data = nullptr;
    std::size_t rows = 0;
    std::size_t width = 0;
};

/// Bytes of a weight matrix as they lie in the model file (host memory): [rows][columns], a row is a whole
/// number of blocks.
struct WeightSource {
    DataType type = DataType::f32;
    std::size_t rows = 0;     ///< outputs
    std::size_t columns = 0;  ///< inputs
    std::span<const std::byte> bytes;
    /// Told each part of `bytes` that prepare() has copied and reads no more, in order; null: nobody asks.
    /// Thus a large matrix is never in memory twice.
    const std::function<void(std::span<const std::byte>)>* copied = nullptr;
};

/// A weight matrix in the layout that its backend chose (repacked, uploaded, or a view of the source bytes).
class Weight {
  public:
    virtual ~Weight() = default;
    virtual std::size_t rows() const = 0;
    virtual std::size_t columns() const = 0;
    virtual std::size_t bytes() const = 0;    ///< memory that it takes on the device
    virtual bool borrows_source() const = 0;  ///< true: the source bytes must outlive it
};

/// One matrix product of a group that shares its input: out = in · weightᵀ + bias.
struct Product {
    const Weight* weight = nullptr;  // [weight->rows()][weight->columns()]
    const float* bias = nullptr;     // [weight->rows()] device memory, or null
    Rows out;                        // [rows of the input][weight->rows()]
};

/// Rotary embedding of one kind of layer. Angle of pair i at position p: p * position_scale * base^(-2i/size)
/// / factors[i].
struct RopeSettings {
    enum class Pairing : std::uint8_t { adjacent /* (2i, 2i+1) */, halves /* (i, i + size/2) */ };
    Pairing pairing = Pairing::adjacent;
    float base = 10000.0F;
    float position_scale = 1.0F;     ///< 1 / linear scaling factor
    std::span<const float> factors;  // [size/2] host memory, or empty: Llama 3.x rope_freqs
    // YaRN (0 = off): see arXiv 2309.00071. With it position_scale is 1; cos and sin are multiplied by
    // yarn_attention_factor * (1 + 0.1 ln yarn_factor).
    float yarn_factor = 0.0F;
    float yarn_attention_factor = 1.0F;
    float yarn_beta_fast = 32.0F;
    float yarn_beta_slow = 1.0F;
    std::size_t yarn_original_context = 0;
};

/// Angles prepared by a backend from RopeSettings for all positions below a limit.
class RopeTable {
  public:
    virtual ~RopeTable() = default;
};

enum class Activation : std::uint8_t { silu, gelu_tanh };

struct AttentionSettings {
    std::size_t layer = 0;
    std::size_t heads = 0;   ///< query heads; a multiple of the layout's kv_heads
    float scale = 1.0F;      ///< multiplies q·k
    std::size_t window = 0;  ///< a row at position p sees positions > p - window; 0 = all up to p
    float softcap = 0.0F;    ///< 0 = none; else score = softcap * tanh(score / softcap)
    /// By which the layer's queries and keys were rotated; needed for segments with a delta only (queries are
    /// rotated back by it, with magnitude 1: keys are never rotated again).
    const RopeTable* rope = nullptr;
};

class Backend {
  public:
    virtual ~Backend() = default;
    virtual std::string description() const = 0;  ///< for the status line: "CPU, AVX-512 VNNI, 4 threads"
    /// What the bits of results depend on, and so the pages on the disk: the kernels, not the threads.
    virtual std::string arithmetic() const { return description(); }
    /// Why this device and no other, for the status line: "CUDA: no NVIDIA driver". Empty: nothing to say.
    virtual std::string remark() const { return {}; }
    /// Free memory of a device that has its own; none: the host's counts.
    virtual std::optional<std::uint64_t> free_memory() const { return std::nullopt; }
    /// An error when the device is lost: results since then are not numbers, and all that it held is gone.
    virtual Status health() const { return {}; }

    // --- memory; called at load, never in a step ---
    virtual Result<std::unique_ptr<Buffer>> allocate(std::size_t floats) = 0;
    virtual Result<std::unique_ptr<Weight>> prepare(const WeightSource& source) = 0;
    /// Bytes that prepare() will take on the device for such a source, for the memory plan.
    virtual std::size_t prepared_bytes(const WeightSource& source) const = 0;
    virtual Result<std::unique_ptr<KvPages>> make_kv_pages(const KvLayout& layout, KvPageCounts counts) = 0;
    virtual Result<std::unique_ptr<RopeTable>> make_rope_table(const RopeSettings& settings,
                                                               std::size_t head_size,
                                                               std::size_t max_positions) = 0;
    /// Scratch for steps of up to `max_rows` rows and inputs up to `max_width` wide; afterwards ops do not
    /// allocate.
    virtual Status reserve(std::size_t max_rows, std::size_t max_width) = 0;
    virtual void upload(std::span<const float> from, float* to) = 0;
    virtual void download(const float* from, std::span<float> to) = 0;

    // --- ops; shapes are checked by the caller, `out` may be the input only where said ---
    /// out[r] = scale * table[tokens[r]]. Token ids are below table.rows().
    virtual void embed(const Weight& table, std::span<const TokenId> tokens, float scale, Rows out) = 0;
    /// All products of the group read the same input once.
    virtual void matmul(Rows in, std::span<const Product> products) = 0;
    /// out[r] = in[r] / sqrt(mean(in[r]²) + epsilon) * weight; weight: [width]. `out` may be `in`. QK norms
    /// pass heads as rows.
    virtual void rms_norm(Rows in, const float* weight, float epsilon, Rows out) = 0;
    /// to[r] += from[r]
    virtual void add(Rows from, Rows to) = 0;
    /// out[r] = activation(gate[r]) * up[r]; `out` may be `gate`.
    virtual void gate(Activation activation, Rows gate, Rows up, Rows out) = 0;
    /// Rotates each head of each row in place; x.width = heads * head_size.
    virtual void rope(const RopeTable& table, std::size_t head_size, const StepPlan& plan, Rows x) = 0;
    /// Writes keys and values [rows][kv_heads * head_size] to the views' pages at the rows' positions.
    virtual void store_kv(KvPages& pages, std::size_t layer, const StepPlan& plan, Rows keys,
                          Rows values) = 0;
    /// Causal attention of each row over its view's pages (its own position included). q and out:
    /// [rows][heads * head_size].
    virtual void attention(const KvPages& pages, const AttentionSettings& settings, const StepPlan& plan,
                           Rows q, Rows out) = 0;
    /// x = softcap * tanh(x / softcap)
    virtual void soft_cap(float softcap, Rows x) = 0;
};

}  // namespace tendril::engine
