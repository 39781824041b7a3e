// SPDX-License-Identifier: Apache-2.0
// Which scanners stand behind which `tokenizer.ggml.pre`, and their application one after the other. Pure;
// any thread.
#include "engine/text/pretokenizer.h"

#include <algorithm>
#include <iterator>

#include "engine/text/scanners.h"

namespace tendril::engine {
namespace {

constexpr MatchFunction kGpt2[] = {scan::gpt2};
constexpr MatchFunction kDigitsGpt2[] = {scan::digit, scan::gpt2};
constexpr MatchFunction kLlama3[] = {scan::llama3};
constexpr MatchFunction kQwen2[] = {scan::qwen2};
constexpr MatchFunction kQwen35[] = {scan::qwen35};
constexpr MatchFunction kTekken[] = {scan::tekken};
constexpr MatchFunction kGpt4o[] = {scan::gpt4o};
constexpr MatchFunction kFalcon[] = {scan::falcon_punctuation, scan::gpt2, scan::byte_level_digits,
                                     scan::three_ascii_digits};
constexpr MatchFunction kDefault[] = {scan::default_punctuation, scan::gpt2, scan::digits,
                                      scan::three_ascii_digits};
constexpr MatchFunction kDeepSeekLlm[] = {
    scan::newline,      scan::deepseek_cased, scan::deepseek_punctuation,
    scan::final_spaces, scan::deepseek_asian, scan::digits};
constexpr MatchFunction kDeepSeekCoder[] = {scan::newline, scan::spaced_letters, scan::spaced_punctuation,
                                            scan::deepseek_asian, scan::digit};
constexpr MatchFunction kDeepSeek3[] = {scan::digits_to_3, scan::deepseek3_asian, scan::deepseek3};

constexpr PreTokenizerRules kPlainGpt2{kGpt2, false, false, false};
constexpr PreTokenizerRules kNeox{kGpt2, false, true, false};
constexpr PreTokenizerRules kStarcoder{kDigitsGpt2, false, false, false};
constexpr PreTokenizerRules kCommandR{kDigitsGpt2, false, true, false};
constexpr PreTokenizerRules kLlamaBpe{kLlama3, true, false, true};
constexpr PreTokenizerRules kPlainLlama3{kLlama3, false, false, false};
constexpr PreTokenizerRules kGlm4{kLlama3, true, false, false};
constexpr PreTokenizerRules kQwen{kQwen2, false, true, false};
constexpr PreTokenizerRules kPlainQwen{kQwen2, false, false, false};
constexpr PreTokenizerRules kQwenNext{kQwen35, false, true, false};
constexpr PreTokenizerRules kMistral{kTekken, true, false, true};
constexpr PreTokenizerRules kOpenAi{kGpt4o, false, false, false};
constexpr PreTokenizerRules kFalconRules{kFalcon, false, false, false};
constexpr PreTokenizerRules kDefaultRules{kDefault, false, false, false};
constexpr PreTokenizerRules kLlm{kDeepSeekLlm, false, false, false};
constexpr PreTokenizerRules kCoder{kDeepSeekCoder, false, false, false};
constexpr PreTokenizerRules kV3{kDeepSeek3, false, false, false};

struct Name {
    std::string_view name;
    const PreTokenizerRules* rules;
};
constexpr Name kNames[] = {
    {"default", &kDefaultRules},
    // GPT-2's pattern
    {"gpt-2", &kPlainGpt2},
    {"phi-2", &kPlainGpt2},
    {"gigachat", &kPlainGpt2},
    {"a.x-4.0", &kPlainGpt2},
    {"mellum", &kPlainGpt2},
    {"modern-bert", &kPlainGpt2},
    {"jais", &kPlainGpt2},
    {"trillion", &kPlainGpt2},
    {"granite-docling", &kPlainGpt2},
    {"exaone4", &kPlainGpt2},
    {"mpt", &kNeox},
    {"olmo", &kNeox},
    // single digits, then GPT-2's pattern
    {"smollm", &kStarcoder},
    {"starcoder", &kStarcoder},
    {"refact", &kStarcoder},
    {"codeshell", &kStarcoder},
    {"exaone", &kStarcoder},
    {"minerva-7b", &kStarcoder},
    {"mellum2", &kStarcoder},
    {"command-r", &kCommandR},
    // Llama 3's pattern
    {"llama-bpe", &kLlamaBpe},
    {"llama3", &kLlamaBpe},
    {"llama-v3", &kLlamaBpe},
    {"falcon3", &kLlamaBpe},
    {"falcon-h1", &kLlamaBpe},
    {"pixtral", &kLlamaBpe},
    {"midm-2.0", &kLlamaBpe},
    {"lfm2", &kLlamaBpe},
    {"dbrx", &kPlainLlama3},
    {"smaug-bpe", &kPlainLlama3},
    {"chatglm-bpe", &kPlainLlama3},
    {"glm4", &kGlm4},
    {"glm5", &kGlm4},
    // Qwen's patterns
    {"qwen2", &kQwen},
    {"deepseek-r1-qwen", &kQwen},
    {"megrez", &kQwen},
    {"kormo", &kQwen},
    {"f2llmv2", &kQwen},
    {"qwen35", &kQwenNext},
    {"stablelm2", &kPlainQwen},
    {"hunyuan", &kPlainQwen},
    {"solar-open", &kPlainQwen},
    {"grok-2", &kPlainQwen},
    // patterns that look at case
    {"tekken", &kMistral},
    {"gpt-4o", &kOpenAi},
    {"llama4", &kOpenAi},
    {"kanana2", &kOpenAi},
    {"talkie", &kOpenAi},
    {"minimax-m2", &kOpenAi},
    {"falcon", &kFalconRules},
    {"deepseek-llm", &kLlm},
    {"deepseek-coder", &kCoder},
    {"deepseek-v3", &kV3},
    {"hunyuan-dense", &kV3},
    {"joyai-llm", &kV3},
    {"hy_v4", &kV3},
};

/// final_spaces looks at a whole run to say no; a run that it refused once is not asked again.
std::size_t skip_refused(MatchFunction stage, const PieceText& piece, std::size_t position,
                         std::size_t next) {
    return stage == scan::final_spaces ? std::max(next, piece.run_of(position, kCharSpace)) : next;
}

void apply(MatchFunction stage, const PieceText& piece, std::size_t offset, std::vector<std::size_t>& ends) {
    const bool bytewise = stage == scan::byte_level_digits;
    std::size_t gap = 0;  // begin of what no match has taken yet
    for (std::size_t position = 0; position < piece.size();) {
        const std::size_t end = stage(piece, position);
        if (end == position) {
            const std::size_t next = bytewise ? position + 1 : piece.at(position).end;
            position = skip_refused(stage, piece, position, next);
            continue;
        }
        if (gap != position) {
            ends.push_back(offset + position);
        }
        ends.push_back(offset + end);
        gap = position = end;
    }
    if (gap != piece.size()) {
        ends.push_back(offset + piece.size());
    }
}

}  // namespace

const PreTokenizerRules* find_pretokenizer(std::string_view name) {
    const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                     [&](const Name& known) { return known.name == name; });
    return found == std::end(kNames) ? nullptr : found->rules;
}

void pretokenize(const PreTokenizerRules& rules, const CharTable& table, std::string_view text,
                 std::vector<std::size_t>& ends, std::vector<std::size_t>& scratch) {
    ends.clear();
    if (text.empty()) {
        return;
    }
    ends.push_back(text.size());
    for (const MatchFunction stage : rules.stages) {
        scratch.swap(ends);
        ends.clear();
        std::size_t begin = 0;
        for (const std::size_t end : scratch) {
            apply(stage, PieceText(text.substr(begin, end - begin), table), begin, ends);
            begin = end;
        }
    }
}

}  // namespace tendril::engine
