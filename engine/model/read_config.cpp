// SPDX-License-Identifier: Apache-2.0
// The configuration that all architectures share, and the dispatch to the files that know what is special.
// Pure, any thread.
#include "engine/model/read_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "engine/half.h"
#include "engine/limits.h"
#include "engine/model/architecture.h"
#include "engine/model/dequantize.h"
#include "engine/model/quote.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kLongestName = 200;  // bytes; for the window's title and list

using Lookup = const Architecture& (*)();
constexpr std::array<Lookup, 4> kArchitectures = {llama_architecture, qwen2_architecture, qwen3_architecture,
                                                  gemma3_architecture};

std::string known_architectures() {
    std::string names;
    for (const Lookup lookup : kArchitectures) {
        names += names.empty() ? "" : ", ";
        names += lookup().name;
    }
    return names;
}

Result<const Architecture*> architecture_of(const GgufFile& file) {
    const GgufValue* const value = file.find("general.architecture");
    if (value == nullptr) {
        return fail(ErrorCode::malformed,
                    "The model file does not say its architecture: the metadata key 'general.architecture' "
                    "is missing.");
    }
    const std::optional<std::string_view> name = value->as_string();
    if (!name) {
        return fail(ErrorCode::malformed, "The metadata key 'general.architecture' is not a text.");
    }
    const Architecture* const architecture = find_architecture(*name);
    if (architecture == nullptr) {
        return fail(ErrorCode::unsupported,
                    "Models of the architecture " + in_quotes(*name) +
                        " are not supported. Supported are: " + known_architectures() + ".");
    }
    return architecture;
}

/// A whole model in one file: no adapter, no projector, no part of a split model.
Status check_kind(const GgufFile& file) {
    if (const GgufValue* const type = file.find("general.type")) {
        const std::string_view kind = type->as_string().value_or("");
        if (kind == "adapter" || kind == "mmproj" || kind == "imatrix") {
            return fail(ErrorCode::unsupported,
                        "The file is not a language model but an addition to one (" + in_quotes(kind) + ").");
        }
    }
    if (const GgufValue* const count = file.find("split.count")) {
        const std::uint64_t parts = count->as_unsigned().value_or(0);
        if (parts > 1) {
            return fail(ErrorCode::unsupported,
                        "The file is one of " + std::to_string(parts) +
                            " parts of a split model; join them with llama-gguf-split --merge "
                            "first.");
        }
    }
    return {};
}

void read_sizes(ConfigReader& reader, ModelConfig& config) {
    config.layers = reader.size("block_count", 1, kMaxLayers);
    config.width = reader.size("embedding_length", 1, kMaxWidth);
    config.feed_forward_width = reader.size("feed_forward_length", 1, kMaxFeedForward);
    config.context_tokens = reader.size("context_length", 1, kMaxContext);
    config.heads = reader.size("attention.head_count", 1, kMaxHeads);
    config.kv_heads = reader.size("attention.head_count_kv", 1, kMaxHeads, config.heads);
    config.norm_epsilon = static_cast<float>(reader.number("attention.layer_norm_rms_epsilon", 1e-12, 0.1));
    if (reader.failed()) {
        return;
    }
    if (config.heads % config.kv_heads != 0) {
        reader.refuse(ErrorCode::malformed, "The model has " + std::to_string(config.heads) +
                                                " attention heads, which " + std::to_string(config.kv_heads) +
                                                " key-value heads cannot share evenly.");
        return;
    }
    const bool given = reader.find("attention.key_length") != nullptr;
    if (!given && config.width % config.heads != 0) {
        reader.refuse(ErrorCode::malformed, "The model's width " + std::to_string(config.width) +
                                                " is not a multiple of its " + std::to_string(config.heads) +
                                                " attention heads, and it has no key " +
                                                reader.key("attention.key_length") + ".");
        return;
    }
    const std::size_t shared = given ? 0 : config.width / config.heads;
    config.head_size = reader.size("attention.key_length", 2, kMaxHeadSize, shared);
    if (config.head_size % 2 != 0 || config.head_size < 2 || config.head_size > kMaxHeadSize) {
        reader.refuse(ErrorCode::malformed, "The model's attention heads are " +
                                                std::to_string(config.head_size) +
                                                " wide; the width must be even and from 2 to " +
                                                std::to_string(kMaxHeadSize) + ".");
        return;
    }
    if (reader.size("attention.value_length", 1, kMaxHeadSize, config.head_size) != config.head_size) {
        reader.refuse(
            ErrorCode::unsupported,
            "The model's attention has values of another width than its keys, which is not supported.");
    }
    if (!reader.flag("attention.causal", true)) {
        reader.refuse(ErrorCode::unsupported,
                      "The model reads in both directions (it is made for embeddings), and cannot "
                      "write text.");
    }
    config.attention_scale = 1.0F / std::sqrt(static_cast<float>(config.head_size));
}

/// The tokenizer's list, else the key, else the rows of the embedding; load_weights() compares them.
void read_vocabulary(ConfigReader& reader, ModelConfig& config) {
    const GgufFile& file = reader.file();
    const GgufValue* const tokens = file.find("tokenizer.ggml.tokens");
    const GgufTensor* const embedding = file.find_tensor("token_embd.weight");
    if (tokens != nullptr && tokens->type == GgufType::array) {
        config.vocabulary = tokens->count;
    } else if (reader.find("vocab_size") != nullptr || embedding == nullptr) {
        config.vocabulary = reader.size("vocab_size", 1, kMaxVocabulary);
    } else {
        config.vocabulary = embedding->rows;
    }
    if (config.vocabulary < 1 || config.vocabulary > kMaxVocabulary) {
        reader.refuse(ErrorCode::malformed,
                      "The model has a vocabulary of " + std::to_string(config.vocabulary) +
                          " tokens; it must be from 1 to " + std::to_string(kMaxVocabulary) + ".");
    }
}

/// Numbers as in llama.cpp: 0 unspecified, 1 mean, 2 the first token, 3 the last, 4 ranks instead.
std::optional<Pooling> pooling_of(const ConfigReader& reader) {
    const GgufValue* const value = reader.find("pooling_type");
    switch (value == nullptr ? 0 : value->as_unsigned().value_or(~std::uint64_t{0})) {
        case 0:
        case 1:
            return Pooling::mean;
        case 2:
            return Pooling::first;
        case 3:
            return Pooling::last;
        default:
            return std::nullopt;
    }
}

/// Llama 3.x: one factor for each pair, computed by the converter.
void read_rope_factors(ConfigReader& reader, ModelConfig& config, RopeSettings& rope) {
    const GgufTensor* const tensor = reader.file().find_tensor("rope_freqs.weight");
    if (tensor == nullptr) {
        return;
    }
    const std::size_t pairs = config.head_size / 2;
    if (tensor->type != DataType::f32 || tensor->rows != 1 || tensor->columns != pairs) {
        reader.refuse(ErrorCode::malformed,
                      "The tensor 'rope_freqs.weight' must hold " + std::to_string(pairs) +
                          " numbers of the type F32; it holds " + std::to_string(tensor->columns) + " x " +
                          std::to_string(tensor->rows) + " of " + traits(tensor->type).name + ".");
        return;
    }
    std::vector<float> factors(pairs);
    dequantize(tensor->type, tensor->bytes, factors);
    const bool good = std::all_of(factors.begin(), factors.end(),
                                  [](float f) { return std::isfinite(f) && f >= 1e-6F && f <= 1e6F; });
    if (!good) {
        reader.refuse(ErrorCode::malformed,
                      "The tensor 'rope_freqs.weight' holds a number that is no sensible frequency factor.");
        return;
    }
    config.rope_factors = std::make_shared<const std::vector<float>>(std::move(factors));
    rope.factors = *config.rope_factors;
}

void read_yarn(ConfigReader& reader, const ModelConfig& config, double factor, RopeSettings& rope) {
    rope.yarn_factor = static_cast<float>(factor);
    rope.yarn_original_context =
        reader.size("rope.scaling.original_context_length", 1, kMaxContext, config.context_tokens);
    rope.yarn_beta_fast = static_cast<float>(reader.number("rope.scaling.yarn_beta_fast", 0.0, 1e6, 32.0));
    rope.yarn_beta_slow = static_cast<float>(reader.number("rope.scaling.yarn_beta_slow", 0.0, 1e6, 1.0));
    double attention = reader.number("rope.scaling.attn_factor", 1e-3, 1e3, 1.0);
    attention *= reader.number("rope.scaling.yarn_attn_factor", 1e-3, 1e3, 1.0);
    // The backend multiplies by 1 + 0.1 ln(factor); models with this key want that divided out in part.
    const double multiplier = reader.number("rope.scaling.yarn_log_multiplier", -1e3, 1e3, 0.0);
    if (multiplier != 0.0) {
        attention /= std::max(1.0, 1.0 + 0.1 * multiplier * std::log(factor));
    }
    rope.yarn_attention_factor = static_cast<float>(attention);
    if (reader.number("rope.scaling.yarn_ext_factor", -1e6, 1e6, 1.0) != 1.0) {
        reader.refuse(
            ErrorCode::unsupported,
            "The model changes " + reader.key("rope.scaling.yarn_ext_factor") + ", which is not supported.");
    }
}

void read_rope(ConfigReader& reader, const Architecture& architecture, ModelConfig& config) {
    RopeSettings rope;
    rope.pairing = architecture.pairing;
    rope.base = static_cast<float>(reader.number("rope.freq_base", 1.0, 1e12, 10000.0));
    const std::size_t rotated = reader.size("rope.dimension_count", 1, kMaxHeadSize, config.head_size);
    if (rotated != config.head_size) {
        reader.refuse(ErrorCode::unsupported, "The model rotates " + std::to_string(rotated) + " of the " +
                                                  std::to_string(config.head_size) +
                                                  " numbers of an attention head, which is not supported.");
    }
    const std::string_view type = reader.text("rope.scaling.type");
    // 0 was written by old converters for "none"; the old name of the key has no type beside it.
    double factor =
        reader.number("rope.scaling.factor", 0.0, 1e4, reader.number("rope.scale_linear", 0.0, 1e4, 0.0));
    factor = factor == 0.0 ? 1.0 : factor;
    if (factor < 1.0) {
        reader.refuse(ErrorCode::malformed,
                      "The metadata key " + reader.key("rope.scaling.factor") + " is below 1.");
    } else if (type == "yarn") {
        read_yarn(reader, config, factor, rope);
    } else if (type.empty() || type == "linear") {
        rope.position_scale = static_cast<float>(1.0 / factor);
    } else if (type != "none") {
        reader.refuse(ErrorCode::unsupported, "The model stretches its context by the method " +
                                                  in_quotes(type) +
                                                  ", which is not supported (linear and yarn are).");
    }
    for (const char* longrope : {"rope_factors_long.weight", "rope_factors_short.weight"}) {
        if (reader.file().find_tensor(longrope) != nullptr) {
            reader.refuse(ErrorCode::unsupported,
                          "The model stretches its context by the method 'longrope', which is not supported "
                          "(linear and "
                          "yarn are).");
        }
    }
    if (!reader.failed()) {
        read_rope_factors(reader, config, rope);
    }
    config.rope = {rope};
}

}  // namespace

const Architecture* find_architecture(std::string_view name) {
    for (const Lookup lookup : kArchitectures) {
        if (lookup().name == name) {
            return &lookup();
        }
    }
    return nullptr;
}

Result<ModelConfig> read_model_config(const GgufFile& file) {
    const Result<const Architecture*> architecture =
        check_kind(file).and_then([&file] { return architecture_of(file); });
    if (!architecture) {
        return fail(architecture.error());
    }
    ModelConfig config;
    config.architecture = (*architecture)->name;
    if (const GgufValue* const name = file.find("general.name")) {
        config.name = clean_text(name->as_string().value_or(""), kLongestName);
    }
    ConfigReader reader(file, config.architecture);
    read_sizes(reader, config);
    if (!reader.failed()) {
        read_vocabulary(reader, config);
        read_rope(reader, **architecture, config);
        config.pooling = pooling_of(reader);
        config.layer.assign(config.layers, LayerConfig{});
    }
    if (!reader.failed() && (*architecture)->adapt != nullptr) {
        (*architecture)->adapt(reader, config);
    }
    if (Status status = reader.status(); !status) {
        return fail(std::move(status.error()));
    }
    return config;
}

}  // namespace tendril::engine
