// SPDX-License-Identifier: Apache-2.0
// write_endless_model().
#include "tests/support/endless_model.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/gguf_writer.h"

namespace tendril::test {

bool write_endless_model(const std::filesystem::path& file) {
    TinyModel options;
    options.layers = 6;
    options.width = 256;
    options.heads = 8;
    options.kv_heads = 2;
    options.head_size = 32;
    options.feed_forward = 1024;
    options.context = 16384;
    GgufWriter writer = tiny_model(options);
    constexpr std::uint32_t kEnd = kTinyVocabulary - 1;
    std::vector<std::string> tokens;
    for (std::uint32_t i = 0; i < kTinyVocabulary; ++i) {
        tokens.push_back(i < 26 ? std::string(1, static_cast<char>('a' + i)) : "word" + std::to_string(i));
    }
    Random random(7);
    std::vector<float> embedding(static_cast<std::size_t>(options.width) * kTinyVocabulary);
    for (std::size_t i = 0; i < embedding.size(); ++i) {
        embedding[i] = i / options.width == kEnd ? 0.0F : random.uniform(-0.2F, 0.2F);
    }
    writer.remove("tokenizer.ggml.tokens")
        .remove("tokenizer.ggml.token_type")
        .remove("tokenizer.ggml.merges");
    writer.remove("tokenizer.ggml.eos_token_id").remove_tensor("token_embd.weight");
    writer.add_strings("tokenizer.ggml.tokens", tokens)
        .add_i32s("tokenizer.ggml.token_type", std::vector<std::int32_t>(tokens.size(), 1))
        .add_strings("tokenizer.ggml.merges", {})
        .add_u32("tokenizer.ggml.eos_token_id", kEnd)
        .add_tensor("token_embd.weight", {options.width, kTinyVocabulary}, engine::DataType::f32, embedding);
    return writer.write(file);
}

}  // namespace tendril::test
