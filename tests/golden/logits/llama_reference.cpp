// SPDX-License-Identifier: Apache-2.0
// Asks llama.cpp for the log-probabilities of the next token at each position of a text, and for a greedy
// continuation. Not part of the build: make_llama_references.py compiles it against llama.cpp's headers and
// library. Writes raw numbers to stdout: the number of positions, the vocabulary, then for each position all
// log-probabilities (f32); then per greedy token its id and the margin to the second.
#include <llama.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

void quiet(ggml_log_level level, const char* text, void*) {
    if (level == GGML_LOG_LEVEL_ERROR) {
        std::fputs(text, stderr);
    }
}

std::vector<float> log_probabilities(const float* logits, int size) {
    const float best = *std::max_element(logits, logits + size);
    double sum = 0;
    for (int i = 0; i < size; ++i) {
        sum += std::exp(static_cast<double>(logits[i]) - static_cast<double>(best));
    }
    std::vector<float> result(logits, logits + size);
    for (float& value : result) {
        value = static_cast<float>(static_cast<double>(value) - static_cast<double>(best) - std::log(sum));
    }
    return result;
}

}  // namespace

/// llama_reference MODEL TOKENS_FILE PROMPT_LENGTH GREEDY_COUNT; the file holds i32 ids.
int main(int argc, char** argv) {
    if (argc != 5) {
        return 2;
    }
    llama_log_set(quiet, nullptr);
    llama_backend_init();
    llama_model_params model_settings = llama_model_default_params();
    model_settings.n_gpu_layers = 0;
    llama_model* const model = llama_model_load_from_file(argv[1], model_settings);
    if (model == nullptr) {
        return 1;
    }
    std::vector<llama_token> tokens;
    if (std::FILE* const file = std::fopen(argv[2], "rb")) {
        std::int32_t token = 0;
        while (std::fread(&token, sizeof token, 1, file) == 1) {
            tokens.push_back(token);
        }
        std::fclose(file);
    }
    llama_context_params settings = llama_context_default_params();
    settings.n_ctx = 1024;
    settings.n_batch = 1024;
    settings.n_threads = settings.n_threads_batch = 1;
    llama_context* const context = llama_init_from_model(model, settings);
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    const auto evaluate = [&](const std::vector<llama_token>& ids, int first) {
        llama_batch batch = llama_batch_init(static_cast<int>(ids.size()), 0, 1);
        batch.n_tokens = static_cast<int>(ids.size());
        for (int i = 0; i < batch.n_tokens; ++i) {
            batch.token[i] = ids[static_cast<std::size_t>(i)];
            batch.pos[i] = first + i;
            batch.n_seq_id[i] = 1;
            batch.seq_id[i][0] = 0;
            batch.logits[i] = 1;
        }
        if (llama_decode(context, batch) != 0) {
            std::exit(1);
        }
        llama_batch_free(batch);
    };
    const std::int32_t sizes[2] = {static_cast<std::int32_t>(tokens.size()), vocabulary};
    std::fwrite(sizes, sizeof sizes, 1, stdout);
    evaluate(tokens, 0);
    for (int i = 0; i < sizes[0]; ++i) {
        const std::vector<float> row = log_probabilities(llama_get_logits_ith(context, i), vocabulary);
        std::fwrite(row.data(), sizeof(float), row.size(), stdout);
    }
    llama_memory_clear(llama_get_memory(context), true);
    std::vector<llama_token> prompt(tokens.begin(), tokens.begin() + std::atoi(argv[3]));
    evaluate(prompt, 0);
    int row = static_cast<int>(prompt.size()) - 1;
    int position = static_cast<int>(prompt.size());
    for (int i = 0; i < std::atoi(argv[4]); ++i) {
        const float* const logits = llama_get_logits_ith(context, row);
        const auto best = static_cast<std::int32_t>(std::max_element(logits, logits + vocabulary) - logits);
        float second = -INFINITY;
        for (int j = 0; j < vocabulary; ++j) {
            second = j == best ? second : std::max(second, logits[j]);
        }
        const float margin = logits[best] - second;
        std::fwrite(&best, sizeof best, 1, stdout);
        std::fwrite(&margin, sizeof margin, 1, stdout);
        evaluate({best}, position++);
        row = 0;
    }
    llama_free(context);
    llama_model_free(model);
    return 0;
}
