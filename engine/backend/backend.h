// SPDX-License-Identifier: Apache-2.0
// The whole contract between the engine and a device: memory, weights in the device's own layout, about a
// dozen ops, and the sub-layers that they make up. One implementation per folder: reference/ (plain C++, the
// oracle), cpu/ (vectorised), cuda/ (a plugin). All calls come from the engine thread; a backend may fork
// inside a call but has joined when the call returns (CUDA: when download() returns). Deterministic: the bits
// of a row's result depend neither on the other rows of the step nor on their number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/fused_ops.h"
#include "engine/backend/kv_pages.h"
#include "engine/backend/op_types.h"
#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

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
    /// A device that gave no more memory: bytes that free_memory() had said at the start, and that had been
    /// given by then. Of all the devices that the backend works on.
    struct Refusal {
        int device = 0;
        std::uint64_t said = 0;
        std::uint64_t given = 0;
    };
    virtual std::vector<Refusal> refusals() const { return {}; }
    /// Which of the devices of its kind it is; none: there is only one.
    virtual std::optional<int> device_number() const { return std::nullopt; }
    /// Called before other calls where several backends take turns on the engine thread.
    virtual void take_turn() {}
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
    /// Whether buffers are the host's own memory: data() is then the host's to read and write between ops, an
    /// op touches the rows that it is given and no others, and memory that nothing touches costs nothing.
    virtual bool shares_memory() const { return false; }

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

    // --- pruning; where the device cannot, its memory is not pruned and people are told so ---
    /// Takes memory to measure up to `keys` keys with steps of up to reserve()'s rows. By default an error:
    /// the device cannot.
    virtual Status prepare_peaks(std::size_t keys);
    /// Behind attention() of a layer without a window, with its queries. peaks, host memory
    /// [kv_heads][range.count]: becomes the larger of itself and what was measured, or grows by it (kind).
    virtual void attention_peaks(const KvPages& pages, const AttentionSettings& settings,
                                 const StepView& view, Rows q, const PeakRange& range,
                                 std::span<float> peaks);

    /// Whether draw() is there; otherwise tokens are drawn from downloaded logits.
    virtual bool draws() const { return false; }
    /// A token for each row of logits, waited for. False: some row has to be drawn by the host after all.
    virtual bool draw(Rows logits, std::span<const Draw> how, std::span<TokenId> tokens) {
        static_cast<void>(logits);
        static_cast<void>(how);
        static_cast<void>(tokens);
        return false;
    }

    // --- sub-layers; by default their parts, one after the other ---
    /// The layers of a step lie between these two; ops may be enqueued at the second. Their rows are those of
    /// the plan, in buffers that hold the rows that reserve() was told. Nothing is uploaded, downloaded or
    /// copied between them, and the spans of the plan and of the tokens stay.
    virtual void begin_step(const StepPlan&) {}
    /// Not `whole`: the step will be done again, and nothing of it is needed.
    virtual void end_step(bool whole) { static_cast<void>(whole); }
    virtual void project_heads(KvPages& pages, const HeadProjection& heads, const StepPlan& plan);
    virtual void project_residual(const Residual& residual);
    virtual void project_gated(const GatedProjection& gated);
    virtual void project_logits(const LogitProjection& logits);
};

}  // namespace tendril::engine
