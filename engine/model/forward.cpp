// SPDX-License-Identifier: Apache-2.0
// The order of ops of a decoder-only transformer with rotary positions and a gated feed-forward.
#include "engine/model/forward.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace tendril::engine {
namespace {

const float* data_or_null(const std::unique_ptr<Buffer>& buffer) {
    return buffer ? static_cast<const Buffer&>(*buffer).data() : nullptr;
}

constexpr std::size_t whole_lines(std::size_t floats) {
    return (floats + 15) / 16 * 16;
}

}  // namespace

Result<std::unique_ptr<ForwardPass>> ForwardPass::create(const ModelConfig& config,
                                                         const ModelWeights& weights, Backend& backend,
                                                         KvPages& pages, ForwardLimits limits) {
    std::unique_ptr<ForwardPass> pass(new ForwardPass(config, weights, backend, pages, limits));
    if (Status status = pass->allocate(); !status) {
        return fail(std::move(status.error()));
    }
    return pass;
}

Status ForwardPass::allocate() {
    const std::size_t q_width = config_.heads * config_.head_size;
    const std::size_t kv_width = config_.kv_heads * config_.head_size;
    const std::size_t rows = limits_.max_rows;
    stream_.width = normed_.width = part_.width = config_.width;
    query_.width = attended_.width = q_width;
    key_.width = value_.width = kv_width;
    gate_.width = up_.width = config_.feed_forward_width;
    if (backend_.shares_memory()) {
        if (Status status = take_shared(); !status) {
            return status;
        }
    } else {
        for (Matrix* matrix : matrices()) {
            if (Status status = take(*matrix); !status) {
                return status;
            }
        }
    }
    Result<std::unique_ptr<Buffer>> logits = backend_.allocate(limits_.max_logit_rows * config_.vocabulary);
    if (!logits) {
        return fail(std::move(logits.error()));
    }
    logits_ = std::move(*logits);
    for (const RopeSettings& settings : config_.rope) {
        Result<std::unique_ptr<RopeTable>> table =
            backend_.make_rope_table(settings, config_.head_size, limits_.max_positions);
        if (!table) {
            return fail(std::move(table.error()));
        }
        rope_.push_back(std::move(*table));
    }
    wanted_.reserve(limits_.max_rows);
    if (!backend_.shares_memory()) {
        // Not cleared: pages of rows that no step asks for are never touched.
        host_logits_ = std::make_unique_for_overwrite<float[]>(limits_.max_logit_rows * config_.vocabulary);
    }
    return backend_.reserve(rows, std::max({config_.width, q_width, config_.feed_forward_width}));
}

Status ForwardPass::take(Matrix& matrix) {
    Result<std::unique_ptr<Buffer>> buffer = backend_.allocate(limits_.max_rows * matrix.width);
    if (!buffer) {
        return fail(std::move(buffer.error()));
    }
    matrix.own = std::move(*buffer);
    matrix.data = matrix.own->data();
    return {};
}

Status ForwardPass::take_shared() {
    std::size_t floats = 0;
    for (const Matrix* matrix : matrices()) {
        floats += whole_lines(limits_.max_rows * matrix->width);
    }
    Result<std::unique_ptr<Buffer>> buffer = backend_.allocate(floats);
    if (!buffer) {
        return fail(std::move(buffer.error()));
    }
    shared_ = std::move(*buffer);
    lay_out(limits_.max_rows);
    return {};
}

/// One matrix behind the other for so many rows: steps of few rows touch little memory.
void ForwardPass::lay_out(std::size_t rows) {
    if (shared_ == nullptr) {
        return;
    }
    float* at = shared_->data();
    for (Matrix* matrix : matrices()) {
        matrix->data = at;
        at += whole_lines(rows * matrix->width);
    }
}

bool ForwardPass::run(std::span<const TokenId> tokens, const StepPlan& step,
                      std::span<const std::uint32_t> wanted, const std::atomic<bool>& interrupt,
                      std::span<const StepWatch> watches) {
    assert(step.rows() > 0 && step.rows() == tokens.size() && step.rows() <= limits_.max_rows);
    wanted_.assign(wanted.begin(), wanted.end());
    lay_out(step.rows());
    StepPlan plan = step;
    plan.interrupt = &interrupt;
    backend_.begin_step(plan);
    bool whole = true;
    for (std::size_t layer = 0; layer < config_.layers && whole; ++layer) {
        whole = !interrupt.load(std::memory_order_relaxed);
        if (whole) {
            attend(layer, plan, tokens, watches);
            feed_forward(layer, plan.rows());
        }
    }
    backend_.end_step(whole);
    return whole && !interrupt.load(std::memory_order_relaxed);  // it may have stopped in end_step()
}

void ForwardPass::attend(std::size_t index, const StepPlan& plan, std::span<const TokenId> tokens,
                         std::span<const StepWatch> watches) {
    const LayerWeights& layer = weights_.layers[index];
    const std::size_t rows = plan.rows();
    const std::size_t size = config_.head_size;
    const Rows query = rows_of(query_, rows);
    const Rows key = rows_of(key_, rows);
    const Rows value = rows_of(value_, rows);
    const LayerConfig& kind = config_.layer[index];
    const Embedding embedding = {weights_.embedding.get(), tokens, config_.embedding_scale};
    const HeadProjection heads = {.in = stream_through(*layer.attention_norm, rows),
                                  .embedding = index == 0 ? &embedding : nullptr,
                                  .query = {layer.query.get(), data_or_null(layer.query_bias), query},
                                  .key = {layer.key.get(), data_or_null(layer.key_bias), key},
                                  .value = {layer.value.get(), data_or_null(layer.value_bias), value},
                                  .query_norm = data_or_null(layer.query_norm),
                                  .key_norm = data_or_null(layer.key_norm),
                                  .rope = rope_[kind.rope_index].get(),
                                  .head_size = size,
                                  .layer = index};
    backend_.project_heads(pages_, heads, plan);
    const Rows attended = rows_of(attended_, rows);
    const AttentionSettings settings = {.layer = index,
                                        .heads = config_.heads,
                                        .scale = config_.attention_scale,
                                        .window = kind.window,
                                        .softcap = config_.attention_softcap,
                                        .rope = rope_[kind.rope_index].get()};
    backend_.attention(pages_, settings, plan, query, attended);
    for (const StepWatch& watch : watches) {
        const std::size_t of_layer = config_.kv_heads * watch.range.count;
        backend_.attention_peaks(pages_, settings, plan.views[watch.view], query, watch.range,
                                 watch.peaks.subspan(index * of_layer, of_layer));
    }
    add_to_stream(attended, *layer.output, data_or_null(layer.output_bias),
                  data_or_null(layer.post_attention_norm));
}

void ForwardPass::feed_forward(std::size_t index, std::size_t rows) {
    const LayerWeights& layer = weights_.layers[index];
    const Rows gate = rows_of(gate_, rows);
    const Rows up = rows_of(up_, rows);
    backend_.project_gated({.in = stream_through(*layer.feed_forward_norm, rows),
                            .gate = {layer.gate.get(), nullptr, gate},
                            .up = {layer.up.get(), nullptr, up},
                            .activation = config_.activation});
    std::optional<std::span<const std::uint32_t>> wanted;
    if (index + 1 == config_.layers) {
        wanted = wanted_;
    }
    add_to_stream(gate, *layer.down, nullptr, data_or_null(layer.post_feed_forward_norm), wanted);
}

NormedRows ForwardPass::stream_through(const Buffer& norm, std::size_t rows) {
    return {rows_of(stream_, rows), norm.data(), config_.norm_epsilon, rows_of(normed_, rows)};
}

void ForwardPass::add_to_stream(Rows in, const Weight& weight, const float* bias, const float* post_norm,
                                std::optional<std::span<const std::uint32_t>> wanted) {
    backend_.project_residual({.in = in,
                               .product = {&weight, bias, rows_of(part_, in.rows)},
                               .norm = post_norm,
                               .epsilon = config_.norm_epsilon,
                               .to = rows_of(stream_, in.rows),
                               .wanted = wanted});
}

/// Side by side, whether they lie so or not.
void ForwardPass::norm_wanted(std::span<const std::uint32_t> rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        backend_.rms_norm({stream_.data + rows[i] * config_.width, 1, config_.width},
                          data_or_null(weights_.output_norm), config_.norm_epsilon,
                          {normed_.data + i * config_.width, 1, config_.width});
    }
}

std::span<float> ForwardPass::states(std::size_t first, std::size_t count) {
    assert(count > 0 && count <= limits_.max_logit_rows && first + count <= wanted_.size());
    host_states_.resize(std::max(host_states_.size(), limits_.max_logit_rows * config_.width));
    const std::span<float> host = std::span(host_states_).first(count * config_.width);
    norm_wanted(std::span(wanted_).subspan(first, count));
    backend_.download(normed_.data, host);
    return host;
}

/// Rows that lie apart are normed side by side first, so that the head runs over them alone.
Rows ForwardPass::project_wanted(std::size_t first, std::size_t count) {
    assert(count > 0 && count <= limits_.max_logit_rows && first + count <= wanted_.size());
    const Rows out = {logits_->data(), count, config_.vocabulary};
    const Product head = {&weights_.output_head(), nullptr, out};
    const std::span wanted = std::span(wanted_).subspan(first, count);
    const float* norm = data_or_null(weights_.output_norm);
    const auto state = [&](std::size_t row, std::size_t rows) {
        return Rows{stream_.data + row * config_.width, rows, config_.width};
    };
    if (wanted.back() - wanted.front() + 1 == count) {
        backend_.project_logits(
            {{state(wanted.front(), count), norm, config_.norm_epsilon, rows_of(normed_, count)},
             head,
             config_.logit_softcap});
    } else {
        norm_wanted(wanted);
        backend_.matmul(rows_of(normed_, count), {&head, 1});
        if (config_.logit_softcap > 0.0F) {
            backend_.soft_cap(config_.logit_softcap, out);
        }
    }
    return out;
}

std::span<float> ForwardPass::logits(std::size_t first, std::size_t count) {
    const Rows out = project_wanted(first, count);
    if (host_logits_ == nullptr) {
        return {out.data, count * config_.vocabulary};
    }
    const std::span<float> host(host_logits_.get(), count * config_.vocabulary);
    backend_.download(out.data, host);
    return host;
}

void ForwardPass::finish_rows(std::size_t first, std::size_t count) {
    const std::vector<Draw> greedy(count);
    std::vector<TokenId> tokens(count);
    if (!draws() || !draw(first, greedy, tokens)) {
        logits(first, count);
    }
}

bool ForwardPass::draw(std::size_t first, std::span<const Draw> how, std::span<TokenId> tokens) {
    assert(how.size() == tokens.size());
    return backend_.draw(project_wanted(first, how.size()), how, tokens);
}

}  // namespace tendril::engine
