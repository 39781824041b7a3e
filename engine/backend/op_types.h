// SPDX-License-Identifier: Apache-2.0
// What the ops of a backend (backend.h) are about: memory, weights in the device's own layout, products,
// rotary tables. Engine thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "engine/backend/kv_pages.h"
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
    /// Which layer it is of, for a backend whose layers lie apart; or where it stands outside of them.
    static constexpr std::size_t kBehindLayers = SIZE_MAX;  ///< the head, and an embedding that is one too
    static constexpr std::size_t kBeforeLayers = SIZE_MAX - 1;  ///< only looked up
    std::size_t layer = kBehindLayers;
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

/// How a token is drawn from a row of logits, as Sampler (engine/sample/sampler.h) does without penalties and
/// masks: temperature 0 or top_k 1: the best; else the top_k best (0: only with top_p 1 and a min_p: all that
/// reach it), of these top_p, of these min_p, and one of them by `random`, in [0, 1).
struct Draw {
    static constexpr std::int32_t kMostTopK = 512;
    double random = 0;
    float temperature = 0.0F;
    std::int32_t top_k = 0;
    float top_p = 1.0F;
    float min_p = 0.0F;
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

/// What attention_peaks() measures, in places of a view: how much of the attention of the view's rows the
/// keys [first, first + count) get. A row shares it out among place 0, these keys, and [own, its own place].
/// The measured keys lie in one segment.
struct PeakRange {
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t own = 0;  ///< at least first + count
    /// peak: the largest share that a key gets from any row and head, as its natural logarithm. sum: all
    /// shares added up.
    enum class Kind : std::uint8_t { peak, sum } kind = Kind::peak;
};

}  // namespace tendril::engine
