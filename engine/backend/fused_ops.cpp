// SPDX-License-Identifier: Apache-2.0
// The sub-layers by their parts; see fused_ops.h. Engine thread.
#include <array>

#include "engine/backend/backend.h"

namespace tendril::engine {

Status Backend::prepare_peaks(std::size_t) {
    return fail(ErrorCode::unsupported, "This device cannot shorten what it has read of a text.",
                description());
}

void Backend::attention_peaks(const KvPages&, const AttentionSettings&, const StepView&, Rows,
                              const PeakRange&, std::span<float>) {}

void Backend::project_heads(KvPages& pages, const HeadProjection& heads, const StepPlan& plan) {
    const NormedRows& in = heads.in;
    if (heads.embedding != nullptr) {
        embed(*heads.embedding->table, heads.embedding->tokens, heads.embedding->scale, in.rows);
    }
    rms_norm(in.rows, in.weight, in.epsilon, in.normed);
    const std::array products = {heads.query, heads.key, heads.value};
    matmul(in.normed, products);
    const std::size_t size = heads.head_size;
    const auto norm = [&](Rows x, const float* weight) {
        if (weight != nullptr) {
            const Rows each = {x.data, x.rows * x.width / size, size};
            rms_norm(each, weight, in.epsilon, each);
        }
    };
    norm(heads.query.out, heads.query_norm);
    norm(heads.key.out, heads.key_norm);
    rope(*heads.rope, size, plan, heads.query.out);
    rope(*heads.rope, size, plan, heads.key.out);
    store_kv(pages, heads.layer, plan, heads.key.out, heads.value.out);
}

void Backend::project_residual(const Residual& residual) {
    const Rows out = residual.product.out;
    matmul(residual.in, {&residual.product, 1});
    if (residual.norm != nullptr) {
        rms_norm(out, residual.norm, residual.epsilon, out);
    }
    add(out, residual.to);
}

void Backend::project_gated(const GatedProjection& gated) {
    rms_norm(gated.in.rows, gated.in.weight, gated.in.epsilon, gated.in.normed);
    const std::array products = {gated.gate, gated.up};
    matmul(gated.in.normed, products);
    gate(gated.activation, gated.gate.out, gated.up.out, gated.gate.out);
}

void Backend::project_logits(const LogitProjection& logits) {
    rms_norm(logits.in.rows, logits.in.weight, logits.in.epsilon, logits.in.normed);
    matmul(logits.in.normed, {&logits.product, 1});
    if (logits.softcap > 0.0F) {
        soft_cap(logits.softcap, logits.product.out);
    }
}

}  // namespace tendril::engine
