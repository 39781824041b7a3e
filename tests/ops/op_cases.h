// SPDX-License-Identifier: Apache-2.0
// Cases that the ops of every backend are put through, so that those on the CPU and those of CUDA are held to
// the same: what is run, what is compared, how much an error may be. The test thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/ops/attention_scene.h"
#include "tests/ops/ops_fixture.h"

namespace tendril::engine::test {

/// A row-wise op; errors relative to |wanted|, or to a small absolute size where the result may vanish.
struct RowOp {
    const char* name;
    double relative, absolute;
};
inline constexpr RowOp kRowOps[] = {{"rms_norm", 1e-6, 1e-7},
                                    {"add", 0.0, 1e-30},
                                    {"silu", 1e-6, 1e-6},
                                    {"gelu_tanh", 4e-6, 1e-6},
                                    {"soft_cap", 1e-6, 8e-6}};

/// Runs kRowOps[op] over [rows][width]; `values` is its in-out operand, `others` a second one.
std::vector<float> run_row_op(Backend& backend, std::size_t op, std::size_t width,
                              std::span<const float> values, std::span<const float> others);

struct RowOpErrors {
    double most = 0;     ///< error / tolerance against the reference
    double planted = 0;  ///< the same for the input with its last value changed; infinite for a single value,
                         ///< whose norm is the same whatever it is
};
/// kRowOps[op] on random [rows][width] that reach the ends of the exponential.
RowOpErrors row_op_errors(Backend& backend, Backend& reference, Random& random, std::size_t op,
                          std::size_t rows, std::size_t width);

struct RotationErrors {
    double most = 0;   ///< of the largest value
    double least = 0;  ///< by which the rotation changed something
};
/// Both pairings, factors, YaRN and scaling, head sizes 6 to 256, positions up to 131,071.
RotationErrors rotation_errors(Backend& backend, Backend& reference, Random& random);

/// What make_rope_table() took of settings that it must refuse; empty: nothing.
std::string accepted_bad_rope(Backend& backend);

inline constexpr double kExactProduct = 1e-6;  ///< relative to ||w|| * ||x||: the order of float sums

bool is_float(DataType type);

struct ProductShape {
    std::size_t outputs, columns, rows;
};
struct ProductErrors {
    double exact = 0;  ///< against the reference on the input as the backend rounds it
    double whole = 0;  ///< against the reference, times sqrt(columns)
};
/// `seen`: the input as a product of this type sees it.
ProductErrors product_errors(Backend& backend, Backend& reference, Random& random, DataType type,
                             const ProductShape& shape,
                             const std::function<std::vector<float>(const std::vector<float>&)>& seen);

/// The matrix with one sign of one scale of one block turned.
std::vector<std::byte> with_a_wrong_sign(DataType type, std::vector<std::byte> bytes);

/// Attention to one position whose key and value have an infinite element 17.
std::vector<float> attend_to_infinity(Backend& backend, KvType type);

/// Branches of one prefix, some of branches, one with another window into it, one moved; tails of their own.
SceneSetup branches_of_a_prefix(std::size_t kv_heads, std::size_t shared);

}  // namespace tendril::engine::test
