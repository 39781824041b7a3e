// SPDX-License-Identifier: Apache-2.0
// Tiny models for tests: every tensor and key that a real file of the architecture has, with random weights.
// One thread.
#include <cmath>
#include <cstring>

#include "engine/half.h"
#include "tests/support/gguf_writer.h"

namespace tendril::test {

using engine::DataType;

namespace {

std::string utf8(std::uint32_t point) {
    std::string text;
    if (point < 0x80) {
        text += static_cast<char>(point);
    } else {
        text += static_cast<char>(0xC0 | (point >> 6));
        text += static_cast<char>(0x80 | (point & 63));
    }
    return text;
}

/// The printable stand-in of each byte in byte-level vocabularies (GPT-2): itself, or the next free one from
/// 256 on.
std::vector<std::string> byte_tokens() {
    std::vector<std::string> tokens;
    std::uint32_t next = 256;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        tokens.push_back(utf8(printable ? byte : next++));
    }
    return tokens;
}

void add_tokenizer(GgufWriter& file) {
    std::vector<std::string> tokens = byte_tokens();
    std::vector<std::int32_t> types(tokens.size(), 1);
    for (const char* special : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
        tokens.emplace_back(special);
        types.push_back(3);
    }
    for (const char* merged : {"th", "the"}) {
        tokens.emplace_back(merged);
        types.push_back(1);
    }
    while (tokens.size() < kTinyVocabulary) {
        tokens.push_back("[unused" + std::to_string(tokens.size()) + "]");
        types.push_back(5);
    }
    file.add_string("tokenizer.ggml.model", "gpt2")
        .add_string("tokenizer.ggml.pre", "default")
        .add_strings("tokenizer.ggml.tokens", tokens)
        .add_i32s("tokenizer.ggml.token_type", types)
        .add_strings("tokenizer.ggml.merges", {"t h", "th e"})
        .add_u32("tokenizer.ggml.eos_token_id", 256)
        .add_bool("tokenizer.ggml.add_bos_token", false);
}

void add_sizes(GgufWriter& file, const TinyModel& o) {
    const std::string p = o.architecture + ".";
    file.add_string("general.architecture", o.architecture)
        .add_string("general.name", "Tiny " + o.architecture)
        .add_u32(p + "block_count", o.layers)
        .add_u32(p + "context_length", o.context)
        .add_u32(p + "embedding_length", o.width)
        .add_u32(p + "feed_forward_length", o.feed_forward)
        .add_u32(p + "attention.head_count", o.heads)
        .add_u32(p + "attention.head_count_kv", o.kv_heads)
        .add_f32(p + "attention.layer_norm_rms_epsilon", 1e-6F)
        .add_f32(p + "rope.freq_base", o.architecture == "llama" ? 10000.0F : 1000000.0F);
    if (o.head_size * o.heads != o.width) {
        file.add_u32(p + "attention.key_length", o.head_size)
            .add_u32(p + "attention.value_length", o.head_size);
    }
    if (o.architecture == "gemma3") {
        file.add_u32(p + "attention.sliding_window", o.window);
    }
}

class Tensors {
  public:
    Tensors(GgufWriter& file, const TinyModel& options) : file_(file), o_(options), random_(options.seed) {}

    void matrix(const std::string& name, std::uint32_t columns, std::uint32_t rows) {
        const float scale = 1.0F / std::sqrt(static_cast<float>(columns));
        const std::size_t elements = std::size_t{columns} * rows;
        if (o_.type != DataType::f32 && o_.type != DataType::f16 && o_.type != DataType::bf16 &&
            o_.type != DataType::q8_0) {
            file_.add_tensor(name, {columns, rows}, number(),
                             random_blocks(o_.type, elements, scale, random_));
            return;
        }
        std::vector<float> values(elements);
        for (float& value : values) {
            value = random_.uniform(-1.7F, 1.7F) * scale;
        }
        file_.add_tensor(name, {columns, rows}, o_.type, values);
    }
    void vector(const std::string& name, std::uint32_t size, float low, float high) {
        std::vector<float> values(size);
        for (float& value : values) {
            value = random_.uniform(low, high);
        }
        file_.add_tensor(name, {size}, DataType::f32, values);
    }
    void norm(const std::string& name, std::uint32_t size) { vector(name, size, 0.7F, 1.3F); }

    void layer(std::uint32_t index) {
        const std::string p = "blk." + std::to_string(index) + ".";
        const std::uint32_t queries = o_.heads * o_.head_size;
        const std::uint32_t keys = o_.kv_heads * o_.head_size;
        norm(p + "attn_norm.weight", o_.width);
        matrix(p + "attn_q.weight", o_.width, queries);
        matrix(p + "attn_k.weight", o_.width, keys);
        matrix(p + "attn_v.weight", o_.width, keys);
        matrix(p + "attn_output.weight", queries, o_.width);
        if (o_.architecture == "qwen2") {
            vector(p + "attn_q.bias", queries, -0.5F, 0.5F);
            vector(p + "attn_k.bias", keys, -0.5F, 0.5F);
            vector(p + "attn_v.bias", keys, -0.5F, 0.5F);
        }
        if (o_.architecture == "qwen3" || o_.architecture == "gemma3") {
            norm(p + "attn_q_norm.weight", o_.head_size);
            norm(p + "attn_k_norm.weight", o_.head_size);
        }
        norm(p + "ffn_norm.weight", o_.width);
        matrix(p + "ffn_gate.weight", o_.width, o_.feed_forward);
        matrix(p + "ffn_up.weight", o_.width, o_.feed_forward);
        matrix(p + "ffn_down.weight", o_.feed_forward, o_.width);
        if (o_.architecture == "gemma3") {
            norm(p + "post_attention_norm.weight", o_.width);
            norm(p + "post_ffw_norm.weight", o_.width);
        }
    }

  private:
    std::uint32_t number() const {
        switch (o_.type) {
            case DataType::q4_0:
                return 2;
            case DataType::q4_1:
                return 3;
            case DataType::q5_0:
                return 6;
            case DataType::q5_1:
                return 7;
            case DataType::q4_k:
                return 12;
            case DataType::q5_k:
                return 13;
            default:
                return 14;
        }
    }

    GgufWriter& file_;
    const TinyModel& o_;
    Random random_;
};

struct HalfAt {
    std::size_t offset;
    float share;  ///< of the wished scale
};

/// Where the f16 scales of a block lie, and how large they are so that the values come out in the wished
/// order.
std::vector<HalfAt> scales_of(DataType type) {
    switch (type) {
        case DataType::q4_0:
            return {{0, 1.0F / 8}};
        case DataType::q4_1:
            return {{0, 1.0F / 8}, {2, -1.0F}};
        case DataType::q5_0:
            return {{0, 1.0F / 16}};
        case DataType::q5_1:
            return {{0, 1.0F / 16}, {2, -1.0F}};
        case DataType::q8_0:
            return {{0, 1.0F / 128}};
        case DataType::q4_k:
            return {{0, 1.0F / (8 * 32)}, {2, 1.0F / 32}};
        case DataType::q5_k:
            return {{0, 1.0F / (16 * 32)}, {2, 1.0F / 32}};
        case DataType::q6_k:
            return {{208, 1.0F / (32 * 64)}};
        default:
            return {};
    }
}

}  // namespace

Bytes random_blocks(DataType type, std::size_t elements, float scale, Random& random) {
    const engine::DataTypeTraits layout = engine::traits(type);
    if (layout.block_elements == 1) {
        std::vector<float> values(elements);
        for (float& value : values) {
            value = random.uniform(-scale, scale);
        }
        return encode(type, values);
    }
    Bytes bytes(elements / layout.block_elements * layout.block_bytes);
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(random.next() & 255U);
    }
    for (std::size_t block = 0; block < bytes.size(); block += layout.block_bytes) {
        for (const HalfAt& half : scales_of(type)) {
            const std::uint16_t value =
                engine::float_to_half(scale * half.share * random.uniform(0.5F, 1.5F));
            std::memcpy(bytes.data() + block + half.offset, &value, sizeof value);
        }
    }
    return bytes;
}

GgufWriter tiny_model(const TinyModel& options) {
    GgufWriter file;
    add_sizes(file, options);
    add_tokenizer(file);
    Tensors tensors(file, options);
    tensors.matrix("token_embd.weight", options.width, kTinyVocabulary);
    for (std::uint32_t i = 0; i < options.layers; ++i) {
        tensors.layer(i);
    }
    tensors.norm("output_norm.weight", options.width);
    if (!options.tied) {
        tensors.matrix("output.weight", options.width, kTinyVocabulary);
    }
    if (options.rope_factors) {
        tensors.vector("rope_freqs.weight", options.head_size / 2, 1.0F, 8.0F);
    }
    return file;
}

}  // namespace tendril::test
