// SPDX-License-Identifier: Apache-2.0
// The tensors of each layer as one table, and the comparison of a file with it. Pure, any thread.
#include "engine/model/tensor_list.h"

#include <algorithm>
#include <unordered_set>

#include "engine/model/quote.h"

namespace tendril::engine {
namespace {

std::string shape_text(std::size_t columns, std::size_t rows, bool vector) {
    return vector ? std::to_string(columns) : std::to_string(columns) + " x " + std::to_string(rows);
}

std::string shape_text(const GgufTensor& tensor) {
    std::string text;
    for (const std::uint64_t size : tensor.dimensions) {
        text += (text.empty() ? "" : " x ") + std::to_string(size);
    }
    return text;
}

/// Sizes behind the expected ones must be 1: some writers pad to a fixed number of dimensions.
bool has_shape(const GgufTensor& tensor, const ExpectedTensor& expected) {
    const std::size_t used = expected.vector ? 1 : 2;
    const bool flat = std::all_of(
        tensor.dimensions.begin() + static_cast<std::ptrdiff_t>(std::min(used, tensor.dimensions.size())),
        tensor.dimensions.end(), [](std::uint64_t size) { return size == 1; });
    return flat && tensor.columns == expected.columns && tensor.rows == expected.rows;
}

bool is_float(DataType type) {
    return type == DataType::f32 || type == DataType::f16 || type == DataType::bf16;
}

Status check_tensor(const GgufTensor& tensor, const ExpectedTensor& expected) {
    if (!has_shape(tensor, expected)) {
        const bool vocabulary = expected.name == kEmbeddingName || expected.name == kHeadName;
        return fail(ErrorCode::malformed, "The tensor " + in_quotes(expected.name) + " has the shape " +
                                              shape_text(tensor) + "; this model needs " +
                                              shape_text(expected.columns, expected.rows, expected.vector) +
                                              (vocabulary ? " (width x tokens of the vocabulary)." : "."));
    }
    if (expected.vector && !is_float(tensor.type)) {
        return fail(ErrorCode::unsupported, "The tensor " + in_quotes(expected.name) + " is of the type " +
                                                traits(tensor.type).name +
                                                "; norms and biases must be F32, F16 or BF16.");
    }
    return {};
}

/// What to say about a required tensor that is not there.
tl::unexpected<Error> missing(const GgufFile& file, const ExpectedTensor& expected, std::size_t layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    if (file.find_tensor(prefix + "attn_qkv.weight") != nullptr) {
        return fail(ErrorCode::unsupported, "The model keeps query, key and value in one tensor (" +
                                                in_quotes(prefix + "attn_qkv.weight") +
                                                "), which is not supported.");
    }
    if (file.find_tensor(prefix + "ffn_gate_exps.weight") != nullptr ||
        file.find_tensor(prefix + "ffn_gate.0.weight") != nullptr) {
        return fail(ErrorCode::unsupported,
                    "The model is a mixture of experts, which is not supported; choose a dense model.");
    }
    if (file.tensors().empty()) {
        return fail(ErrorCode::unsupported, "The file holds a vocabulary only, no weights.");
    }
    return fail(ErrorCode::malformed, "The model lacks the tensor " + in_quotes(expected.name) + ".");
}

/// Tables that only ease or speed up the computation, or that the configuration has read already.
bool is_harmless(std::string_view name) {
    const auto ends = [name](std::string_view tail) {
        return name.size() >= tail.size() && name.substr(name.size() - tail.size()) == tail;
    };
    return name == "rope_freqs.weight" || ends(".rope_freqs.weight") || ends(".attn_rot_embd.weight") ||
           ends(".attention.rotary_emb.inv_freq");
}

}  // namespace

std::vector<ExpectedTensor> model_tensors(const ModelConfig& c) {
    return {{.name = kEmbeddingName, .rows = c.vocabulary, .columns = c.width},
            {.name = kOutputNormName, .columns = c.width, .vector = true},
            {.name = kHeadName, .presence = Presence::optional, .rows = c.vocabulary, .columns = c.width}};
}

std::vector<ExpectedTensor> layer_tensors(const ModelConfig& c, std::size_t layer) {
    using L = LayerWeights;
    static constexpr Architecture kNone{};
    const Architecture* const known = find_architecture(c.architecture);
    const Architecture& a = known != nullptr ? *known : kNone;
    const std::size_t queries = c.heads * c.head_size;
    const std::size_t keys = c.kv_heads * c.head_size;
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    std::vector<ExpectedTensor> list;
    const auto matrix = [&](const char* name, std::size_t rows, std::size_t columns,
                            std::unique_ptr<Weight> L::*place) {
        list.push_back({.name = prefix + name, .rows = rows, .columns = columns, .matrix = place});
    };
    const auto vector = [&](const char* name, std::size_t size, Presence presence,
                            std::unique_ptr<Buffer> L::*place) {
        if (presence != Presence::absent) {
            list.push_back({.name = prefix + name,
                            .presence = presence,
                            .columns = size,
                            .vector = true,
                            .numbers = place});
        }
    };
    vector("attn_norm.weight", c.width, Presence::required, &L::attention_norm);
    matrix("attn_q.weight", queries, c.width, &L::query);
    matrix("attn_k.weight", keys, c.width, &L::key);
    matrix("attn_v.weight", keys, c.width, &L::value);
    matrix("attn_output.weight", c.width, queries, &L::output);
    vector("attn_q.bias", queries, a.attention_bias, &L::query_bias);
    vector("attn_k.bias", keys, a.attention_bias, &L::key_bias);
    vector("attn_v.bias", keys, a.attention_bias, &L::value_bias);
    vector("attn_output.bias", c.width, a.output_bias, &L::output_bias);
    vector("attn_q_norm.weight", c.head_size, a.query_key_norms, &L::query_norm);
    vector("attn_k_norm.weight", c.head_size, a.query_key_norms, &L::key_norm);
    vector("post_attention_norm.weight", c.width, a.post_norms, &L::post_attention_norm);
    vector("ffn_norm.weight", c.width, Presence::required, &L::feed_forward_norm);
    matrix("ffn_gate.weight", c.feed_forward_width, c.width, &L::gate);
    matrix("ffn_up.weight", c.feed_forward_width, c.width, &L::up);
    matrix("ffn_down.weight", c.width, c.feed_forward_width, &L::down);
    vector("post_ffw_norm.weight", c.width, a.post_norms, &L::post_feed_forward_norm);
    return list;
}

Status check_tensors(const GgufFile& file, const ModelConfig& config) {
    std::unordered_set<const GgufTensor*> used;
    const auto check = [&](const ExpectedTensor& expected, std::size_t layer) -> Status {
        const GgufTensor* const tensor = file.find_tensor(expected.name);
        if (tensor == nullptr) {
            return expected.presence == Presence::required ? missing(file, expected, layer) : Status{};
        }
        used.insert(tensor);
        return check_tensor(*tensor, expected);
    };
    for (const ExpectedTensor& expected : model_tensors(config)) {
        if (Status status = check(expected, 0); !status) {
            return status;
        }
    }
    for (std::size_t layer = 0; layer < config.layers; ++layer) {
        for (const ExpectedTensor& expected : layer_tensors(config, layer)) {
            if (Status status = check(expected, layer); !status) {
                return status;
            }
        }
    }
    for (const GgufTensor& tensor : file.tensors()) {
        if (used.count(&tensor) == 0 && !is_harmless(tensor.name)) {
            return fail(ErrorCode::unsupported,
                        "The model has a tensor " + in_quotes(tensor.name) +
                            " that this program does not know in models of the architecture " +
                            in_quotes(config.architecture) + ".");
        }
    }
    return {};
}

}  // namespace tendril::engine
