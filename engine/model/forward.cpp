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
    struct Want {
        std::unique_ptr<Buffer>* buffer;
        std::size_t floats;
    };
    const std::array wants = {
        Want{&stream_, rows * config_.width},
        Want{&normed_, rows * config_.width},
        Want{&query_, rows * q_width},
        Want{&key_, rows * kv_width},
        Want{&value_, rows * kv_width},
        Want{&attended_, rows * q_width},
        Want{&gate_, rows * config_.feed_forward_width},
        Want{&up_, rows * config_.feed_forward_width},
        Want{&part_, rows * config_.width},
        Want{&logits_, limits_.max_logit_rows * config_.vocabulary},
    };
    for (const Want& want : wants) {
        Result<std::unique_ptr<Buffer>> buffer = backend_.allocate(want.floats);
        if (!buffer) {
            return fail(std::move(buffer.error()));
        }
        *want.buffer = std::move(*buffer);
    }
    for (const RopeSettings& settings : config_.rope) {
        Result<std::unique_ptr<RopeTable>> table =
            backend_.make_rope_table(settings, config_.head_size, limits_.max_positions);
        if (!table) {
            return fail(std::move(table.error()));
        }
        rope_.push_back(std::move(*table));
    }
    // Not cleared: pages of rows that no step asks for are never touched.
    host_logits_ = std::make_unique_for_overwrite<float[]>(limits_.max_logit_rows * config_.vocabulary);
    return backend_.reserve(rows, std::max({config_.width, q_width, config_.feed_forward_width}));
}

bool ForwardPass::run(std::span<const TokenId> tokens, const StepPlan& plan,
                      std::span<const std::uint32_t> wanted, const std::atomic<bool>& interrupt) {
    const std::size_t rows = plan.rows();
    assert(rows > 0 && rows == tokens.size() && rows <= limits_.max_rows);
    backend_.embed(*weights_.embedding, tokens, config_.embedding_scale,
                   rows_of(*stream_, rows, config_.width));
    for (std::size_t layer = 0; layer < config_.layers; ++layer) {
        if (interrupt.load(std::memory_order_relaxed)) {
            return false;
        }
        attend(layer, plan);
        feed_forward(weights_.layers[layer], rows);
    }
    gather_wanted(wanted);
    return true;
}

void ForwardPass::attend(std::size_t index, const StepPlan& plan) {
    const LayerWeights& layer = weights_.layers[index];
    const std::size_t rows = plan.rows();
    const std::size_t size = config_.head_size;
    const Rows normed = rows_of(*normed_, rows, config_.width);
    const Rows query = rows_of(*query_, rows, config_.heads * size);
    const Rows key = rows_of(*key_, rows, config_.kv_heads * size);
    const Rows value = rows_of(*value_, rows, config_.kv_heads * size);
    backend_.rms_norm(rows_of(*stream_, rows, config_.width), data_or_null(layer.attention_norm),
                      config_.norm_epsilon, normed);
    const std::array products = {Product{layer.query.get(), data_or_null(layer.query_bias), query},
                                 Product{layer.key.get(), data_or_null(layer.key_bias), key},
                                 Product{layer.value.get(), data_or_null(layer.value_bias), value}};
    backend_.matmul(normed, products);
    if (layer.query_norm) {
        const Rows heads = {query.data, rows * config_.heads, size};
        backend_.rms_norm(heads, data_or_null(layer.query_norm), config_.norm_epsilon, heads);
    }
    if (layer.key_norm) {
        const Rows heads = {key.data, rows * config_.kv_heads, size};
        backend_.rms_norm(heads, data_or_null(layer.key_norm), config_.norm_epsilon, heads);
    }
    const LayerConfig& kind = config_.layer[index];
    backend_.rope(*rope_[kind.rope_index], size, plan, query);
    backend_.rope(*rope_[kind.rope_index], size, plan, key);
    backend_.store_kv(pages_, index, plan, key, value);
    const Rows attended = rows_of(*attended_, rows, config_.heads * size);
    const AttentionSettings settings = {.layer = index,
                                        .heads = config_.heads,
                                        .scale = config_.attention_scale,
                                        .window = kind.window,
                                        .softcap = config_.attention_softcap,
                                        .rope = rope_[kind.rope_index].get()};
    backend_.attention(pages_, settings, plan, query, attended);
    const Product output = {layer.output.get(), data_or_null(layer.output_bias),
                            rows_of(*part_, rows, config_.width)};
    backend_.matmul(attended, {&output, 1});
    add_to_stream(layer.post_attention_norm.get(), rows);
}

void ForwardPass::feed_forward(const LayerWeights& layer, std::size_t rows) {
    const Rows normed = rows_of(*normed_, rows, config_.width);
    const Rows gate = rows_of(*gate_, rows, config_.feed_forward_width);
    const Rows up = rows_of(*up_, rows, config_.feed_forward_width);
    backend_.rms_norm(rows_of(*stream_, rows, config_.width), data_or_null(layer.feed_forward_norm),
                      config_.norm_epsilon, normed);
    const std::array products = {Product{layer.gate.get(), nullptr, gate},
                                 Product{layer.up.get(), nullptr, up}};
    backend_.matmul(normed, products);
    backend_.gate(config_.activation, gate, up, gate);
    const Product down = {layer.down.get(), nullptr, rows_of(*part_, rows, config_.width)};
    backend_.matmul(gate, {&down, 1});
    add_to_stream(layer.post_feed_forward_norm.get(), rows);
}

void ForwardPass::add_to_stream(const Buffer* post_norm, std::size_t rows) {
    const Rows part = rows_of(*part_, rows, config_.width);
    if (post_norm != nullptr) {
        backend_.rms_norm(part, post_norm->data(), config_.norm_epsilon, part);
    }
    backend_.add(part, rows_of(*stream_, rows, config_.width));
}

/// The last norm writes the wanted rows side by side, so that the head runs over them alone.
void ForwardPass::gather_wanted(std::span<const std::uint32_t> wanted) {
    for (std::size_t first = 0; first < wanted.size();) {
        std::size_t count = 1;
        while (first + count < wanted.size() && wanted[first + count] == wanted[first] + count) {
            ++count;
        }
        const Rows from = {stream_->data() + wanted[first] * config_.width, count, config_.width};
        const Rows to = {normed_->data() + first * config_.width, count, config_.width};
        backend_.rms_norm(from, data_or_null(weights_.output_norm), config_.norm_epsilon, to);
        first += count;
    }
}

std::span<float> ForwardPass::logits(std::size_t first, std::size_t count) {
    assert(count > 0 && count <= limits_.max_logit_rows && first + count <= limits_.max_rows);
    const Rows in = {normed_->data() + first * config_.width, count, config_.width};
    const Rows out = rows_of(*logits_, count, config_.vocabulary);
    const Product head = {&weights_.output_head(), nullptr, out};
    backend_.matmul(in, {&head, 1});
    if (config_.logit_softcap > 0.0F) {
        backend_.soft_cap(config_.logit_softcap, out);
    }
    const std::span<float> host(host_logits_.get(), count * config_.vocabulary);
    backend_.download(out.data, host);
    return host;
}

}  // namespace tendril::engine
