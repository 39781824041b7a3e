// SPDX-License-Identifier: Apache-2.0
// Files that are sound GGUF and senseless models: keys, sizes that disagree, tensors. One thread.
#include <cmath>
#include <functional>
#include <limits>

#include "tests/unit/model/broken_files.h"

namespace tendril::test {
namespace {

using engine::DataType;
constexpr auto kMalformed = ErrorCode::malformed;
constexpr auto kUnsupported = ErrorCode::unsupported;

Bytes changed(const std::function<void(GgufWriter&)>& change, const TinyModel& model = small_model()) {
    GgufWriter file = tiny_model(model);
    change(file);
    return file.bytes();
}

/// A tiny llama with one number replaced.
Bytes with_number(const char* key, std::uint32_t value, const TinyModel& model = small_model()) {
    return changed([&](GgufWriter& file) { file.remove(key).add_u32(key, value); }, model);
}
Bytes with_float(const char* key, float value) {
    return changed([&](GgufWriter& file) { file.remove(key).add_f32(key, value); });
}
Bytes with_text(const char* key, const char* value) {
    return changed([&](GgufWriter& file) { file.remove(key).add_string(key, value); });
}
Bytes without(const char* key) {
    return changed([&](GgufWriter& file) { file.remove(key); });
}
Bytes without_tensor(const char* name, const TinyModel& model = small_model()) {
    return changed([&](GgufWriter& file) { file.remove_tensor(name); }, model);
}
Bytes with_tensor(const char* name, std::vector<std::uint64_t> dimensions,
                  const TinyModel& model = small_model()) {
    std::uint64_t elements = 1;
    for (const std::uint64_t size : dimensions) {
        elements *= size;
    }
    return changed(
        [&](GgufWriter& file) {
            file.remove_tensor(name).add_tensor(name, dimensions, DataType::f32,
                                                std::vector<float>(elements, 0.5F));
        },
        model);
}

void add_identity(std::vector<BrokenFile>& list) {
    list.push_back({"no architecture", without("general.architecture"), kMalformed,
                    "'general.architecture' is missing"});
    list.push_back(
        {"architecture a number", with_number("general.architecture", 1), kMalformed, "is not a text"});
    list.push_back({"architecture unknown", with_text("general.architecture", "mamba"), kUnsupported,
                    "'mamba' are not supported. Supported are: llama, qwen2, qwen3, gemma3"});
    list.push_back(
        {"architecture empty", with_text("general.architecture", ""), kUnsupported, "architecture ''"});
    list.push_back({"adapter", with_text("general.type", "adapter"), kUnsupported, "'adapter'"});
    list.push_back({"projector", with_text("general.type", "mmproj"), kUnsupported, "'mmproj'"});
    list.push_back({"split", with_number("split.count", 3), kUnsupported, "one of 3 parts"});
    list.push_back({"experts", with_number("llama.expert_count", 8), kUnsupported, "mixture of experts"});
    list.push_back({"embedding model",
                    changed([](GgufWriter& f) { f.add_bool("llama.attention.causal", false); }), kUnsupported,
                    "both directions"});
}

void add_sizes(std::vector<BrokenFile>& list) {
    list.push_back({"layers missing", without("llama.block_count"), kMalformed,
                    "lacks the metadata key 'llama.block_count'"});
    list.push_back({"layers 0", with_number("llama.block_count", 0), kMalformed, "'llama.block_count' is 0"});
    list.push_back(
        {"layers wild", with_number("llama.block_count", 0xFFFFFFFFU), kMalformed, "from 1 to 1024"});
    list.push_back({"layers more than there are", with_number("llama.block_count", 2), kMalformed,
                    "'blk.1.attn_norm.weight'"});
    list.push_back({"layers a text", with_text("llama.block_count", "1"), kMalformed, "not a whole number"});
    list.push_back(
        {"layers a fraction", with_float("llama.block_count", 1.0F), kMalformed, "not a whole number"});
    list.push_back({"layers negative", changed([](GgufWriter& f) {
                        f.remove("llama.block_count").add_i32("llama.block_count", -1);
                    }),
                    kMalformed, "'llama.block_count' is -1"});
    list.push_back(
        {"width 0", with_number("llama.embedding_length", 0), kMalformed, "'llama.embedding_length' is 0"});
    list.push_back(
        {"width wild", with_number("llama.embedding_length", 1U << 31), kMalformed, "from 1 to 131072"});
    list.push_back({"width other than tensors", with_number("llama.embedding_length", 64), kMalformed,
                    "'token_embd.weight' has the shape 32 x 264; this model needs 64 x 264"});
    list.push_back(
        {"heads missing", without("llama.attention.head_count"), kMalformed, "'llama.attention.head_count'"});
    list.push_back({"heads 0", with_number("llama.attention.head_count", 0), kMalformed,
                    "'llama.attention.head_count' is 0"});
    list.push_back(
        {"heads wild", with_number("llama.attention.head_count", 1U << 20), kMalformed, "from 1 to 1024"});
    list.push_back({"heads do not divide width", with_number("llama.attention.head_count", 3), kMalformed,
                    "not a multiple of its 3"});
    list.push_back(
        {"kv heads 0", with_number("llama.attention.head_count_kv", 0), kMalformed, "head_count_kv' is 0"});
    list.push_back({"kv heads do not divide heads", with_number("llama.attention.head_count_kv", 3),
                    kMalformed, "3 key-value heads cannot share"});
    list.push_back({"heads differ by layer", changed([](GgufWriter& f) {
                        f.remove("llama.attention.head_count").add_i32s("llama.attention.head_count", {2, 4});
                    }),
                    kUnsupported, "different value for each layer"});
    list.push_back({"heads an empty list", changed([](GgufWriter& f) {
                        f.remove("llama.attention.head_count").add_i32s("llama.attention.head_count", {});
                    }),
                    kMalformed, "not a whole number"});
    list.push_back(
        {"head size odd", with_number("llama.attention.key_length", 15), kMalformed, "must be even"});
    list.push_back(
        {"head size 0", with_number("llama.attention.key_length", 0), kMalformed, "key_length' is 0"});
    list.push_back(
        {"head size wild", with_number("llama.attention.key_length", 4096), kMalformed, "from 2 to 1024"});
    list.push_back(
        {"head size 1 by division", with_number("llama.attention.head_count", 32), kMalformed, "1 wide"});
    list.push_back({"values of other size", with_number("llama.attention.value_length", 8), kUnsupported,
                    "another width"});
    list.push_back({"feed-forward 0", with_number("llama.feed_forward_length", 0), kMalformed,
                    "feed_forward_length' is 0"});
    list.push_back({"context 0", with_number("llama.context_length", 0), kMalformed, "context_length' is 0"});
    list.push_back(
        {"context wild", with_number("llama.context_length", 0x7FFFFFFFU), kMalformed, "from 1 to 16777216"});
    list.push_back({"vocabulary empty", changed([](GgufWriter& f) {
                        f.remove("tokenizer.ggml.tokens").add_strings("tokenizer.ggml.tokens", {});
                    }),
                    kMalformed, "vocabulary of 0 tokens"});
    list.push_back({"vocabulary other than tensors", changed([](GgufWriter& f) {
                        f.remove("tokenizer.ggml.tokens").add_strings("tokenizer.ggml.tokens", {"a", "b"});
                    }),
                    kMalformed, "this model needs 32 x 2 (width x tokens of the vocabulary)"});
}

void add_numbers(std::vector<BrokenFile>& list) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const char* epsilon = "llama.attention.layer_norm_rms_epsilon";
    list.push_back({"epsilon missing", without(epsilon), kMalformed, "layer_norm_rms_epsilon"});
    list.push_back({"epsilon 0", with_float(epsilon, 0.0F), kMalformed, "layer_norm_rms_epsilon' is 0"});
    list.push_back({"epsilon NaN", with_float(epsilon, nan), kMalformed, "is nan"});
    list.push_back({"epsilon a text", with_text(epsilon, "small"), kMalformed, "is not a number"});
    list.push_back({"rope base 0", with_float("llama.rope.freq_base", 0.0F), kMalformed, "freq_base' is 0"});
    list.push_back({"rope base infinite",
                    with_float("llama.rope.freq_base", std::numeric_limits<float>::infinity()), kMalformed,
                    "is inf"});
    list.push_back({"rope of a part of the head", with_number("llama.rope.dimension_count", 8), kUnsupported,
                    "rotates 8 of the 16"});
    list.push_back(
        {"longrope", with_text("llama.rope.scaling.type", "longrope"), kUnsupported, "'longrope'"});
    list.push_back(
        {"scaling type a number", with_number("llama.rope.scaling.type", 1), kMalformed, "is not a text"});
    list.push_back({"scaling negative", with_float("llama.rope.scaling.factor", -2.0F), kMalformed,
                    "scaling.factor' is -2"});
    list.push_back(
        {"scaling below 1", with_float("llama.rope.scaling.factor", 0.5F), kMalformed, "is below 1"});
    list.push_back({"longrope tensors", changed([](GgufWriter& f) {
                        f.add_tensor("rope_factors_long.weight", {8}, DataType::f32,
                                     std::vector<float>(8, 1));
                    }),
                    kUnsupported, "'longrope'"});
    list.push_back({"rope factors of wrong size", with_tensor("rope_freqs.weight", {7}), kMalformed,
                    "'rope_freqs.weight' must hold 8"});
    list.push_back({"rope factors zero", changed([](GgufWriter& f) {
                        f.add_tensor("rope_freqs.weight", {8}, DataType::f32, std::vector<float>(8, 0));
                    }),
                    kMalformed, "no sensible frequency factor"});
    list.push_back({"rope factors NaN", changed([&](GgufWriter& f) {
                        f.add_tensor("rope_freqs.weight", {8}, DataType::f32, std::vector<float>(8, nan));
                    }),
                    kMalformed, "no sensible frequency factor"});
    list.push_back({"window pattern of wrong length",
                    changed(
                        [](GgufWriter& f) {
                            f.add_bools("gemma3.attention.sliding_window_pattern", {true, false});
                        },
                        small_model("gemma3")),
                    kMalformed, "has 2 elements for 1 layers"});
    list.push_back(
        {"window pattern of texts",
         changed([](GgufWriter& f) { f.add_strings("gemma3.attention.sliding_window_pattern", {"a"}); },
                 small_model("gemma3")),
         kMalformed, "not a list of truth values"});
    list.push_back({"window wild",
                    with_number("gemma3.attention.sliding_window", 0xFFFFFFFFU, small_model("gemma3")),
                    kMalformed, "sliding_window' is 4294967295"});
}

void add_tensors(std::vector<BrokenFile>& list) {
    for (const char* name :
         {"token_embd.weight", "output_norm.weight", "blk.0.attn_norm.weight", "blk.0.attn_q.weight",
          "blk.0.attn_k.weight", "blk.0.attn_v.weight", "blk.0.attn_output.weight", "blk.0.ffn_norm.weight",
          "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight", "blk.0.ffn_down.weight"}) {
        list.push_back({std::string("without ") + name, without_tensor(name), kMalformed,
                        "lacks the tensor '" + std::string(name) + "'"});
    }
    list.push_back({"qwen3 without query norm",
                    without_tensor("blk.0.attn_q_norm.weight", small_model("qwen3")), kMalformed,
                    "lacks the tensor 'blk.0.attn_q_norm.weight'"});
    list.push_back({"gemma3 without post norm",
                    without_tensor("blk.0.post_ffw_norm.weight", small_model("gemma3")), kMalformed,
                    "lacks the tensor 'blk.0.post_ffw_norm.weight'"});
    list.push_back({"query transposed", with_tensor("blk.0.attn_k.weight", {16, 32}), kMalformed,
                    "'blk.0.attn_k.weight' has the shape 16 x 32; this model needs 32 x 16"});
    list.push_back(
        {"matrix as vector", with_tensor("blk.0.attn_q.weight", {1024}), kMalformed, "has the shape 1024"});
    list.push_back({"matrix of three dimensions", with_tensor("blk.0.attn_q.weight", {32, 16, 2}), kMalformed,
                    "32 x 16 x 2"});
    list.push_back(
        {"norm too short", with_tensor("output_norm.weight", {31}), kMalformed, "this model needs 32."});
    list.push_back({"bias of wrong size", with_tensor("blk.0.attn_q.bias", {16}, small_model("qwen2")),
                    kMalformed, "'blk.0.attn_q.bias'"});
    list.push_back({"head of wrong size", with_tensor("output.weight", {32, 100}), kMalformed,
                    "'output.weight' has the shape 32 x 100"});
    list.push_back({"norm quantised", changed([](GgufWriter& f) {
                        f.remove_tensor("output_norm.weight")
                            .add_tensor("output_norm.weight", {32}, DataType::q8_0,
                                        std::vector<float>(32, 1.0F));
                    }),
                    kUnsupported, "'output_norm.weight' is of the type Q8_0"});
    list.push_back({"unknown tensor", with_tensor("blk.0.attn_sub_norm.weight", {32}), kUnsupported,
                    "'blk.0.attn_sub_norm.weight'"});
    list.push_back({"llama with query norm", with_tensor("blk.0.attn_q_norm.weight", {16}), kUnsupported,
                    "'blk.0.attn_q_norm.weight'"});
    list.push_back({"layer behind the last", with_tensor("blk.1.attn_norm.weight", {32}), kUnsupported,
                    "'blk.1.attn_norm.weight'"});
    list.push_back(
        {"fused query, key, value", changed([](GgufWriter& f) {
             f.remove_tensor("blk.0.attn_q.weight")
                 .remove_tensor("blk.0.attn_k.weight")
                 .remove_tensor("blk.0.attn_v.weight");
             f.add_tensor("blk.0.attn_qkv.weight", {32, 64}, DataType::f32, std::vector<float>(2048, 0.0F));
         }),
         kUnsupported, "in one tensor ('blk.0.attn_qkv.weight')"});
    list.push_back({"experts by tensor", changed([](GgufWriter& f) {
                        f.remove_tensor("blk.0.ffn_gate.weight");
                        f.add_tensor("blk.0.ffn_gate_exps.weight", {32, 32, 2}, DataType::f32,
                                     std::vector<float>(2048, 0.0F));
                    }),
                    kUnsupported, "mixture of experts"});
    for (const auto& [name, value] : {std::pair("NaN", std::numeric_limits<float>::quiet_NaN()),
                                      std::pair("infinity", -std::numeric_limits<float>::infinity())}) {
        const float bad = value;
        list.push_back({std::string("norm with ") + name, changed([bad](GgufWriter& f) {
                            std::vector<float> values(32, 1.0F);
                            values[31] = bad;
                            f.remove_tensor("blk.0.ffn_norm.weight")
                                .add_tensor("blk.0.ffn_norm.weight", {32}, DataType::f32, values);
                        }),
                        kMalformed, "'blk.0.ffn_norm.weight' holds a value that is not a finite number"});
    }
    list.push_back({"vocabulary only", changed([](GgufWriter& f) {
                        GgufWriter only = tiny_model(small_model());
                        for (const char* name :
                             {"token_embd.weight", "blk.0.attn_norm.weight", "blk.0.attn_q.weight",
                              "blk.0.attn_k.weight", "blk.0.attn_v.weight", "blk.0.attn_output.weight",
                              "blk.0.ffn_norm.weight", "blk.0.ffn_gate.weight", "blk.0.ffn_up.weight",
                              "blk.0.ffn_down.weight", "output_norm.weight"}) {
                            only.remove_tensor(name);
                        }
                        f = only;
                    }),
                    kUnsupported, "vocabulary only"});
}

}  // namespace

std::vector<BrokenFile> broken_models() {
    std::vector<BrokenFile> list;
    add_identity(list);
    add_sizes(list);
    add_numbers(list);
    add_tensors(list);
    return list;
}

}  // namespace tendril::test
