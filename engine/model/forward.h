// SPDX-License-Identifier: Apache-2.0
// The one forward pass of all architectures: token rows in, logits of chosen rows out. What a model has (QK
// norms, biases, norms behind attention, windows, several rotary bases) decides the ops; there is no switch
// on the architecture's name. All memory is taken when it is made; a step does not allocate. Owned by the
// engine thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/model/model_config.h"
#include "engine/model/weights.h"

namespace tendril::engine {

struct ForwardLimits {
    std::size_t max_rows = 512;       ///< of a step
    std::size_t max_logit_rows = 32;  ///< whose logits are computed at once
    std::size_t max_positions = 0;    ///< the context: length of the rotary tables
};

/// The attention of a view's rows, measured while they run.
struct StepWatch {
    std::size_t view = 0;  ///< of the plan
    PeakRange range;
    std::span<float> peaks;  ///< [layers][kv_heads][range.count], as attention_peaks() leaves them
};

class ForwardPass {
  public:
    /// All are borrowed and must outlive the pass. Takes scratch_bytes() of memory_plan.h. Errors: out of
    /// memory.
    static Result<std::unique_ptr<ForwardPass>> create(const ModelConfig& config, const ModelWeights& weights,
                                                       Backend& backend, KvPages& pages,
                                                       ForwardLimits limits);

    /// Evaluates one row per token: writes its keys and values to the plan's pages and keeps the final state
    /// of the rows in `wanted` (ascending row numbers of this step). tokens.size() == plan.rows() <=
    /// max_rows; token ids are below the vocabulary. False: `interrupt` became true between two layers; the
    /// step has to be done again, nothing may be read from it.
    bool run(std::span<const TokenId> tokens, const StepPlan& plan, std::span<const std::uint32_t> wanted,
             const std::atomic<bool>& interrupt, std::span<const StepWatch> watches = {});

    /// Logits of wanted[first .. first + count) of the last run, [count][vocabulary], count <=
    /// max_logit_rows. The span is valid (and may be changed by the caller) until the next call.
    std::span<float> logits(std::size_t first, std::size_t count);

    /// Final states of wanted[first .. first + count) of the last run, [count][width], behind the last norm;
    /// otherwise as logits().
    std::span<float> states(std::size_t first, std::size_t count);

    /// Tokens for the same rows, drawn where the logits are. False: the device does not draw, or not these;
    /// ask logits().
    bool draws() const { return backend_.draws(); }
    bool draw(std::size_t first, std::span<const Draw> how, std::span<TokenId> tokens);

    /// What a step of answers ends with, for measurements: tokens drawn where the logits are, or logits here.
    void finish_rows(std::size_t first, std::size_t count);

    const ModelConfig& config() const { return config_; }
    const ForwardLimits& limits() const { return limits_; }

  private:
    ForwardPass(const ModelConfig& config, const ModelWeights& weights, Backend& backend, KvPages& pages,
                ForwardLimits limits)
        : config_(config), weights_(weights), backend_(backend), pages_(pages), limits_(limits) {}
    Status allocate();
    void attend(std::size_t layer, const StepPlan& plan, std::span<const TokenId> tokens,
                std::span<const StepWatch> watches);
    void feed_forward(std::size_t layer, std::size_t rows);
    NormedRows stream_through(const Buffer& norm, std::size_t rows);
    void norm_wanted(std::span<const std::uint32_t> rows);
    Rows project_wanted(std::size_t first, std::size_t count);
    void add_to_stream(Rows in, const Weight& weight, const float* bias, const float* post_norm,
                       std::optional<std::span<const std::uint32_t>> wanted = {});
    /// A matrix of a step, [rows][width].
    struct Matrix {
        std::size_t width = 0;
        float* data = nullptr;
        std::unique_ptr<Buffer> own;  // of max_rows; none: a part of shared_
    };
    static Rows rows_of(const Matrix& matrix, std::size_t rows) { return {matrix.data, rows, matrix.width}; }
    std::array<Matrix*, 9> matrices() {
        return {&stream_, &query_, &normed_, &key_, &value_, &attended_, &gate_, &up_, &part_};
    }
    Status take(Matrix& matrix);
    Status take_shared();
    void lay_out(std::size_t rows);

    const ModelConfig& config_;
    const ModelWeights& weights_;
    Backend& backend_;
    KvPages& pages_;
    ForwardLimits limits_;
    std::vector<std::unique_ptr<RopeTable>> rope_;  // one per config_.rope
    Matrix stream_;                                 // the residual stream
    Matrix normed_;
    Matrix query_;  // of heads * head_size, as attended_
    Matrix key_;    // of kv_heads * head_size, as value_
    Matrix value_;
    Matrix attended_;
    Matrix gate_;  // of feed_forward_width, as up_
    Matrix up_;
    Matrix part_;                           // what a sub-layer adds to the stream
    std::unique_ptr<Buffer> shared_;        // all of them, close together, where the backend shares_memory()
    std::unique_ptr<Buffer> logits_;        // [max_logit_rows][vocabulary]
    std::unique_ptr<float[]> host_logits_;  // the same; none where the backend shares_memory()
    std::vector<float> host_states_;        // [max_logit_rows][width] once somebody asked
    std::vector<std::uint32_t> wanted_;     // rows of the last run whose logits may be asked for
};

}  // namespace tendril::engine
