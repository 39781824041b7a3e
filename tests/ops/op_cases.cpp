// SPDX-License-Identifier: Apache-2.0
// Cases of the op tests; see op_cases.h.
#include "tests/ops/op_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tendril::engine::test {
namespace {

RopeSettings rope_kind(int kind, std::span<const float> factors) {
    RopeSettings settings;
    settings.pairing = kind % 2 == 0 ? RopeSettings::Pairing::adjacent : RopeSettings::Pairing::halves;
    settings.base = 500000.0F;
    settings.position_scale = kind >= 6 ? 0.25F : 1.0F;
    if (kind == 2 || kind == 3) {
        settings.factors = factors;
    }
    if (kind == 4 || kind == 5) {
        settings.yarn_factor = 4.0F;
        settings.yarn_original_context = 32768;
    }
    return settings;
}

}  // namespace

std::vector<float> run_row_op(Backend& backend, std::size_t op, std::size_t width,
                              std::span<const float> values, std::span<const float> others) {
    DeviceRows x(backend, width, values);
    const DeviceRows y(backend, width, others);
    switch (op) {
        case 0:
            backend.rms_norm(x.rows(), y.data(), 1e-5F, x.rows());
            break;
        case 1:
            backend.add(y.rows(), x.rows());
            break;
        case 2:
            backend.gate(Activation::silu, x.rows(), y.rows(), x.rows());
            break;
        case 3:
            backend.gate(Activation::gelu_tanh, x.rows(), y.rows(), x.rows());
            break;
        default:
            backend.soft_cap(30.0F, x.rows());
            break;
    }
    return x.values();
}

RowOpErrors row_op_errors(Backend& backend, Backend& reference, Random& random, std::size_t op,
                          std::size_t rows, std::size_t width) {
    auto values = random_rows(random, rows, width);
    values[0] = -90.0F;  // the ends of the exponential
    values.back() = 90.0F;
    const auto others = random_rows(random, rows, width);
    const auto got = run_row_op(backend, op, width, values, others);
    const auto wanted = run_row_op(reference, op, width, values, others);
    std::vector<double> scale;
    for (const float value : wanted) {
        scale.push_back(kRowOps[op].relative * std::fabs(static_cast<double>(value)) + kRowOps[op].absolute);
    }
    RowOpErrors errors{worst(got, wanted, scale), std::numeric_limits<double>::infinity()};
    if (width > 1) {
        values.back() = 89.0F;
        errors.planted = worst(run_row_op(backend, op, width, values, others), wanted, scale);
    }
    return errors;
}

RotationErrors rotation_errors(Backend& backend, Backend& reference, Random& random) {
    const std::vector<std::int32_t> positions = {0, 1, 255, 256, 257, 4095, 131071, 70000};
    const StepView view{0, positions.size(), 0, {}};
    const StepPlan plan{std::span(&view, 1), positions};
    RotationErrors errors{0, std::numeric_limits<double>::infinity()};
    for (const std::size_t size :
         {std::size_t{64}, std::size_t{128}, std::size_t{256}, std::size_t{80}, std::size_t{6}}) {
        std::vector<float> factors(size / 2);
        for (std::size_t i = 0; i < factors.size(); ++i) {
            factors[i] = 1.0F + 0.25F * static_cast<float>(i);
        }
        for (int kind = 0; kind < 8; ++kind) {
            const auto x = random_rows(random, positions.size(), 3 * size);
            std::vector<std::vector<float>> results;
            for (Backend* each : {&backend, &reference}) {
                const auto table = std::move(*each->make_rope_table(rope_kind(kind, factors), size, 131072));
                const DeviceRows rows(*each, 3 * size, x);
                each->rope(*table, size, plan, rows.rows());
                results.push_back(rows.values());
            }
            errors.most = std::max(errors.most, worst(results[0], results[1], 30.0));
            errors.least = std::min(errors.least, worst(results[0], x, 30.0));
        }
    }
    return errors;
}

std::string accepted_bad_rope(Backend& backend) {
    std::string accepted;
    const auto offer = [&](const char* what, const RopeSettings& settings, std::size_t size) {
        if (backend.make_rope_table(settings, size, 10)) {
            accepted += std::string(what) + "; ";
        }
    };
    RopeSettings settings;
    offer("an odd head", settings, 63);
    offer("a head of nothing", settings, 0);
    const float factor = 1.0F;
    settings.factors = std::span(&factor, 1);
    offer("too few factors", settings, 64);
    settings.factors = {};
    settings.base = 0.0F;
    offer("a base of 0", settings, 64);
    return accepted;
}

bool is_float(DataType type) {
    return type == DataType::f32 || type == DataType::f16 || type == DataType::bf16;
}

ProductErrors product_errors(Backend& backend, Backend& reference, Random& random, DataType type,
                             const ProductShape& shape,
                             const std::function<std::vector<float>(const std::vector<float>&)>& seen) {
    const auto bytes = random_weight(random, type, shape.outputs, shape.columns);
    const WeightSource source = source_of(type, shape.outputs, shape.columns, bytes);
    const auto in = random_rows(random, shape.rows, shape.columns);
    const auto bias = random_rows(random, 1, shape.outputs);
    const auto scale = product_scale(weight_floats(source), in, shape.columns);
    const auto got = product(backend, source, in, bias);
    return {worst(got, product(reference, source, seen(in), bias), scale),
            worst(got, product(reference, source, in, bias), scale) *
                std::sqrt(static_cast<double>(shape.columns))};
}

std::vector<std::byte> with_a_wrong_sign(DataType type, std::vector<std::byte> bytes) {
    const std::size_t blocks = bytes.size() / traits(type).block_bytes;
    const std::size_t at = blocks / 2 * traits(type).block_bytes;
    const std::size_t sign = type == DataType::q6_k ? 209 : traits(type).block_bytes == 4 ? 3 : 1;
    bytes[at + sign] ^= std::byte{0x80};
    return bytes;
}

std::vector<float> attend_to_infinity(Backend& backend, KvType type) {
    const auto pages = std::move(*backend.make_kv_pages({1, 1, 64, type, {}}, {1, 0}));
    std::vector<float> keys(64, 1.0F);
    keys[17] = std::numeric_limits<float>::infinity();
    const PageId page = 0;
    const KvSegment segment{std::span(&page, 1), {}, 0, 1, 0};
    const StepView view{0, 1, 0, std::span(&segment, 1)};
    const std::int32_t position = 0;
    const StepPlan plan{std::span(&view, 1), std::span(&position, 1)};
    const DeviceRows k(backend, 64, keys), q(backend, 64, std::vector<float>(64, 0.5F));
    const DeviceRows out(backend, 1, 64);
    backend.store_kv(*pages, 0, plan, k.rows(), k.rows());
    backend.attention(*pages, {0, 1, 0.1F, 0, 0.0F, nullptr}, plan, q.rows(), out.rows());
    return out.values();
}

SceneSetup branches_of_a_prefix(std::size_t kv_heads, std::size_t shared) {
    SceneSetup setup;
    setup.kv_heads = kv_heads;
    setup.shared = shared;
    setup.strands = {{0, 1280}, {0, 100}, {0, 90}, {0, 64}, {0, 70}, {0, 130}, {0, 33}};
    setup.views = {{{{0, 0, 1280, 0}, {1, 0, 100, 0}}, 1},
                   {{{0, 0, 1280, 0}, {2, 0, 90, 0}}, 1},
                   {{{0, 0, 1280, 0}, {1, 0, 64, 0}, {3, 0, 64, 0}}, 4},
                   {{{0, 0, 640, 0}, {4, 0, 70, 0}}, 70},
                   {{{0, 0, 1200, 0}, {5, 0, 130, 0}}, 3},
                   {{{0, 0, 700, 11}, {6, 0, 33, 0}}, 1},
                   {{{0, 0, 1280, 0}}, 2}};
    return setup;
}

}  // namespace tendril::engine::test
