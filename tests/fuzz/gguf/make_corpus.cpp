// SPDX-License-Identifier: Apache-2.0
// Writes the committed seeds of the GGUF fuzz target: make_gguf_corpus FOLDER. Each is a whole model of under
// 4 KB or a file that is wrong in a way that other readers have failed at.
#include <cstdio>
#include <filesystem>

#include "tests/support/gguf_writer.h"

using namespace tendril::test;
using tendril::engine::DataType;

namespace {

/// A model of two tokens, two numbers wide.
GgufWriter smallest(const char* architecture, DataType type = DataType::f32) {
    TinyModel options;
    options.architecture = architecture;
    options.layers = 1;
    const bool blocks = type != DataType::f32;
    options.width = blocks ? 32 : 2;
    options.heads = 1;
    options.kv_heads = 1;
    options.head_size = options.width;
    options.feed_forward = options.width;
    GgufWriter file = tiny_model(options);
    for (const char* key : {"tokens", "token_type", "merges", "pre"}) {
        file.remove(std::string("tokenizer.ggml.") + key);
    }
    file.remove_tensor("token_embd.weight");
    file.add_strings("tokenizer.ggml.tokens", {"a", "b"});
    file.add_tensor("token_embd.weight", {options.width, 2}, type,
                    std::vector<float>(std::size_t{2} * options.width, 0.5F));
    return file;
}

bool write_models(const std::filesystem::path& folder) {
    bool good = true;
    for (const char* name : {"llama", "qwen2", "qwen3", "gemma3"}) {
        good = smallest(name).write(folder / (std::string(name) + ".gguf")) && good;
    }
    GgufWriter llama3 = smallest("llama");
    llama3.add_tensor("rope_freqs.weight", {1}, DataType::f32, std::vector<float>{8.0F});
    llama3.add_string("tokenizer.chat_template", "{{ bos_token }}").add_string("general.type", "model");
    good = llama3.write(folder / "llama3-factors.gguf") && good;
    GgufWriter yarn = smallest("qwen2");
    yarn.version = 2;
    yarn.add_string("qwen2.rope.scaling.type", "yarn").add_f32("qwen2.rope.scaling.factor", 4.0F);
    yarn.add_u32("qwen2.rope.scaling.original_context_length", 64);
    good = yarn.write(folder / "yarn-v2.gguf") && good;
    GgufWriter lists = smallest("gemma3");
    lists.remove("gemma3.attention.head_count").add_i32s("gemma3.attention.head_count", {1, 1});
    lists.add_bools("gemma3.attention.sliding_window_pattern", {true})
        .add_f32("gemma3.final_logit_softcapping", 30.0F);
    good = lists.write(folder / "lists.gguf") && good;
    GgufWriter aligned;
    aligned.alignment = 64;
    aligned.add_u32("general.alignment", 64).add_f32s("floats", {1, 2}).add_u64("big", ~0ULL);
    aligned.add_tensor("a", {32}, DataType::q8_0, std::vector<float>(32, 1.0F));
    aligned.add_tensor("b", {1, 2, 1, 1}, DataType::bf16, std::vector<float>{1, 2});
    return aligned.write(folder / "aligned.gguf") && good;
}

bool write_broken(const std::filesystem::path& folder) {
    GgufWriter overflow;  // the product of the sizes is just above 2^63: made llama.cpp abort (gguf.cpp at
                          // 0c1e57098)
    overflow.add_tensor("w", {1ULL << 31, 1ULL << 31, 2, 1}, 0, Bytes(32));
    GgufWriter wide;
    wide.add_tensor("w", {(1ULL << 62) + 4}, 0, Bytes(32));
    GgufWriter types;
    types.add_tensor("w", {256}, 23, Bytes(136)).add_raw("x", 9, Bytes(12, std::byte{0xFF}));
    return overflow.write(folder / "sizes-overflow.gguf") && wide.write(folder / "bytes-overflow.gguf") &&
           types.write(folder / "types.gguf");
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        std::fputs("usage: make_gguf_corpus FOLDER\n", stderr);
        return 2;
    }
    const std::filesystem::path folder = words[1];
    std::filesystem::create_directories(folder);
    return write_models(folder) && write_broken(folder) ? 0 : 1;
}
