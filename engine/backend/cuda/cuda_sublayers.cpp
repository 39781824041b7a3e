// SPDX-License-Identifier: Apache-2.0
// Sub-layers in one launch; see cuda_sublayers.h.
#include "engine/backend/cuda/cuda_sublayers.h"

#include <algorithm>
#include <array>

#include "engine/backend/cuda/cuda_attention.h"
#include "engine/backend/cuda/cuda_weight.h"

namespace tendril::cuda {
namespace {

constexpr std::size_t kCounters = 4096;  // heads of a layer, keys and values too

std::uint32_t u32(std::size_t value) {
    return static_cast<std::uint32_t>(value);
}

}  // namespace

Status CudaSublayers::reserve() {
    if (arrived_.size() != 0) {
        return {};
    }
    Result<DeviceMemory> arrived = launcher_.zeroed_counters(kCounters);
    if (!arrived) {
        return fail(std::move(arrived.error()));
    }
    arrived_ = std::move(*arrived);
    return launcher_.status();
}

/// The products, and the norm before them: false where a weight is not quantised.
bool CudaSublayers::take(VectorArgs& args, const engine::NormedRows& in,
                         std::span<const engine::Product> products) {
    if (in.rows.rows == 0 || in.rows.rows > kVectorRows || !reserve()) {
        return false;
    }
    for (const engine::Product& product : products) {
        const ProductPlanes planes = planes_of(product);
        if (is_float(planes.weight.type)) {
            return false;
        }
        args.product.products[args.product.count++] = planes;
    }
    args.product.rows = u32(in.rows.rows);
    args.norm.rows = in.rows.data;
    args.norm.norm = in.weight;
    args.norm.epsilon = in.epsilon;
    args.norm.width = u32(in.rows.width);
    args.epsilon = in.epsilon;
    args.multiprocessors = multiprocessors_;
    args.arrived = arrived_.data<std::uint32_t>();
    return true;
}

bool CudaSublayers::run(const VectorArgs& args, const char* doing) {
    if (vector_shared_bytes(args) > kVectorShared) {
        return false;
    }
    launcher_.run(matmul_vectors, args, doing);
    return true;
}

bool CudaSublayers::project_heads(const CudaPages& pages, const engine::HeadProjection& heads,
                                  const engine::StepPlan& plan) {
    const engine::KvLayout& layout = pages.layout();
    VectorArgs args;
    if (!take(args, heads.in, std::array{heads.query, heads.key, heads.value}) ||
        heads.query.weight->rows() / heads.head_size + 2 * layout.kv_heads > kCounters) {
        return false;
    }
    args.ending = Ending::heads;
    args.heads.planes = pages.planes(heads.layer);
    args.heads.angles = static_cast<const CudaRope*>(heads.rope)->angles();
    args.heads.query_norm = heads.query_norm;
    args.heads.key_norm = heads.key_norm;
    args.heads.head_size = u32(heads.head_size);
    args.heads.kv_heads = u32(layout.kv_heads);
    if (vector_shared_bytes(args) > kVectorShared) {
        return false;
    }
    args.heads.positions = uploads_.positions(plan.positions);
    args.heads.step = uploads_.tables(plan, pages);
    if (heads.embedding != nullptr) {
        args.norm.table = static_cast<const CudaWeight&>(*heads.embedding->table).planes();
        args.norm.tokens = uploads_.tokens(heads.embedding->tokens);
        args.norm.embedded = heads.in.rows.data;
        args.norm.scale = heads.embedding->scale;
    }
    return run(args, "projecting heads");
}

bool CudaSublayers::project_residual(const engine::Residual& residual) {
    VectorArgs args;
    if (!take(args, {residual.in, nullptr, residual.epsilon, {}}, {&residual.product, 1})) {
        return false;
    }
    const std::optional<QuantisedRows> in = matmul_.quantised(residual.in);
    if (!in) {
        return false;
    }
    args.product.in = *in;
    args.ending = Ending::add;
    args.to = residual.to.data;
    args.post_norm = residual.norm;
    return run(args, "adding to the stream");
}

bool CudaSublayers::project_gated(const engine::GatedProjection& gated) {
    VectorArgs args;
    if (!take(args, gated.in, std::array{gated.gate, gated.up}) ||
        args.product.products[0].weight.type != args.product.products[1].weight.type) {
        return false;
    }
    const std::optional<QuantisedRows> out = matmul_.place_for(gated.gate.out);
    if (!out) {
        return false;
    }
    args.gated = *out;
    args.ending = Ending::gate;
    args.gelu = gated.activation == engine::Activation::gelu_tanh ? 1 : 0;
    if (!run(args, "gating")) {
        return false;
    }
    matmul_.note_quantised(gated.gate.out);
    return true;
}

bool CudaSublayers::project_logits(const engine::LogitProjection& logits) {
    VectorArgs args;
    if (!take(args, logits.in, {&logits.product, 1})) {
        return false;
    }
    args.softcap = logits.softcap;
    return run(args, "projecting logits");
}

}  // namespace tendril::cuda
