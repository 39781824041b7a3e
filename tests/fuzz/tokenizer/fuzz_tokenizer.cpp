// SPDX-License-Identifier: Apache-2.0
// Fuzzes tokenizers: arbitrary metadata must make a tokenizer or an error in words, and arbitrary text must
// come back from its ids. The first byte chooses: metadata put together from the input, the input as a whole
// GGUF file, or text for fixed tokenizers.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/model/gguf.h"
#include "engine/text/pretokenizer.h"
#include "engine/text/tokenizer.h"
#include "engine/text/utf8_stream.h"
#include "tests/support/gguf_writer.h"

using namespace tendril;
using namespace tendril::engine;

namespace {

constexpr const char* kPre[] = {"default",      "gpt-2",          "smollm",      "llama-bpe", "qwen2",
                                "qwen35",       "tekken",         "gpt-4o",      "falcon",    "mpt",
                                "deepseek-llm", "deepseek-coder", "deepseek-v3", "other"};

void check(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "broken: %s\n", what);
        std::abort();
    }
}

/// "Ġ" for a space, or "<0x20>": all 256, so that an execution costs little.
const std::vector<std::string>& spellings(bool byte_level) {
    static const auto make = [](bool level) {
        std::vector<std::string> all;
        unsigned next = 0x100;
        for (unsigned b = 0; b < 256; ++b) {
            const bool printable = (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            const unsigned code = printable ? b : next++;
            char text[8];
            std::snprintf(text, sizeof text, "<0x%02X>", b);
            all.push_back(!level        ? std::string(text)
                          : code < 0x80 ? std::string(1, static_cast<char>(code))
                                        : std::string{static_cast<char>(0xC0 | (code >> 6)),
                                                      static_cast<char>(0x80 | (code & 0x3F))});
        }
        return all;
    };
    static const std::vector<std::string> levels[2] = {make(false), make(true)};
    return levels[byte_level ? 1 : 0];
}

/// Ids in range, nothing lost that a tokenizer promises to keep.
void exercise(const Tokenizer& tokenizer, std::string_view text) {
    for (const EncodeOptions options : {EncodeOptions{false, false}, EncodeOptions{true, true}}) {
        const std::vector<TokenId> ids = tokenizer.encode(text, options);
        for (const TokenId id : ids) {
            check(id >= 0 && static_cast<std::size_t>(id) < tokenizer.size(),
                  "an id lies outside the vocabulary");
        }
        Utf8Stream stream;
        std::string out;
        stream.push(tokenizer.decode(ids, true), out);
        stream.finish(out);
        check(is_valid_utf8(out), "streamed text is not UTF-8");
    }
    for (const TokenId id : {-1, 0, 1, static_cast<int>(tokenizer.size()), 0x7FFFFFFF}) {
        tokenizer.bytes(id, true);
        tokenizer.is_control(id);
        tokenizer.ends_generation(id);
    }
    tokenizer.bos_text();
    tokenizer.eos_text();
}

void try_file(const test::Bytes& bytes, std::string_view text) {
    const auto file = GgufFile::parse(bytes);
    if (!file) {
        return;
    }
    std::vector<std::string> warnings;
    const auto tokenizer = Tokenizer::create(*file, warnings);
    if (tokenizer) {
        exercise(**tokenizer, text);
    } else {
        check(!tokenizer.error().message.empty(), "an error without words");
    }
}

/// A value of any type under a key that wants one type.
void add_any(test::GgufWriter& writer, FuzzedDataProvider& data, const char* key) {
    switch (data.ConsumeIntegralInRange(0, 7)) {
        case 0:
            writer.add_u32(key, data.ConsumeIntegral<std::uint32_t>());
            break;
        case 1:
            writer.add_i32(key, data.ConsumeIntegral<std::int32_t>());
            break;
        case 2:
            writer.add_bool(key, data.ConsumeBool());
            break;
        case 3:
            writer.add_string(key, data.ConsumeRandomLengthString(16));
            break;
        case 4:
            writer.add_strings(key, {data.ConsumeRandomLengthString(8), data.ConsumeRandomLengthString(8)});
            break;
        case 5:
            writer.add_i32s(key, {data.ConsumeIntegral<std::int32_t>(), 1, 2, 3});
            break;
        case 6:
            writer.add_f32s(key, {data.ConsumeFloatingPoint<float>(), 0.5F});
            break;
        default:
            break;  // missing
    }
}

void fuzz_metadata(FuzzedDataProvider& data) {
    test::GgufWriter writer;
    constexpr const char* models[] = {"gpt2", "llama", "gpt2", "llama", "bert"};
    const char* model = data.PickValueInArray(models);
    writer.add_string("tokenizer.ggml.model", model);
    writer.add_string("tokenizer.ggml.pre", data.PickValueInArray(kPre));
    std::vector<std::string> tokens, merges;
    std::vector<std::int32_t> types;
    std::vector<float> scores;
    const unsigned bytes = data.ConsumeBool() ? 256 : data.ConsumeIntegralInRange(0, 256);
    for (unsigned b = 0; b < bytes; ++b) {
        tokens.push_back(spellings(model[0] == 'g')[b]);
        types.push_back(model[0] == 'g' ? 1 : 6);
        scores.push_back(0);
    }
    const int count = data.ConsumeIntegralInRange(0, 40);
    for (int i = 0; i < count; ++i) {
        tokens.push_back(data.ConsumeRandomLengthString(12));
        types.push_back(data.ConsumeIntegralInRange<std::int32_t>(-1, 7));
        scores.push_back(data.ConsumeBool() ? -static_cast<float>(i) : data.ConsumeFloatingPoint<float>());
    }
    for (int i = data.ConsumeIntegralInRange(0, 40); i > 0; --i) {
        if (!tokens.empty() && data.ConsumeBool()) {
            const auto pick = [&] {
                return tokens[data.ConsumeIntegralInRange<std::size_t>(0, tokens.size() - 1)];
            };
            const std::string left = pick();
            merges.push_back(left + " " + pick());
        } else {
            merges.push_back(data.ConsumeRandomLengthString(8));
        }
    }
    writer.add_strings("tokenizer.ggml.tokens", tokens).add_strings("tokenizer.ggml.merges", merges);
    writer.add_i32s("tokenizer.ggml.token_type", types).add_f32s("tokenizer.ggml.scores", scores);
    constexpr const char* keys[] = {"tokenizer.ggml.bos_token_id",
                                    "tokenizer.ggml.eos_token_id",
                                    "tokenizer.ggml.eot_token_id",
                                    "tokenizer.ggml.unknown_token_id",
                                    "tokenizer.ggml.add_bos_token",
                                    "tokenizer.ggml.add_eos_token",
                                    "tokenizer.ggml.add_space_prefix",
                                    "tokenizer.ggml.remove_extra_whitespaces",
                                    "tokenizer.ggml.tokens",
                                    "tokenizer.ggml.token_type",
                                    "tokenizer.ggml.scores",
                                    "tokenizer.ggml.merges",
                                    "tokenizer.ggml.pre",
                                    "tokenizer.ggml.model"};
    for (int i = data.ConsumeIntegralInRange(0, 6); i > 0; --i) {
        const char* key = data.PickValueInArray(keys);
        writer.remove(key);
        add_any(writer, data, key);
    }
    try_file(writer.bytes(), data.ConsumeRemainingBytesAsString());
}

std::unique_ptr<const Tokenizer> fixed(const char* model, const char* pre) {
    test::GgufWriter writer;
    writer.add_string("tokenizer.ggml.model", model).add_string("tokenizer.ggml.pre", pre);
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    std::vector<float> scores;
    const auto add = [&](const std::string& text, std::int32_t type, float score) {
        tokens.push_back(text);
        types.push_back(type);
        scores.push_back(score);
    };
    const bool bpe = model[0] == 'g';
    for (unsigned b = 0; b < 256; ++b) {
        add(spellings(bpe)[b], bpe ? 1 : 6, 0);
    }
    std::vector<std::string> merges;
    for (const char* pair : {"a a", "aa aa", "b a", "\xC4\xA0 a", "\xC3\xA4 \xC2\xB8", "\xC4\xA0 \xC4\xA0",
                             "1 2", "aa b", "\xC4\x8A \xC4\x8A"}) {
        const std::string text = pair;
        merges.push_back(text);
        const std::size_t space = text.find(' ');
        const std::string joined = text.substr(0, space) + text.substr(space + 1);
        add(bpe ? joined : "\xE2\x96\x81" + joined.substr(0, 1), 1, -static_cast<float>(tokens.size()));
    }
    for (const char* text : {"a", "b", "aa", "ab", "aba", "\xE2\x96\x81",
                             "\xE2\x96\x81"
                             "a",
                             "\xE4\xB8\xAD",
                             "\xE4\xB8\xAD"
                             "a"}) {
        if (!bpe) {
            add(text, 1, -static_cast<float>(tokens.size()));
        }
    }
    for (const char* text : {"<u>", "<u>>", "  "}) {
        add(text, 4, 0);
    }
    writer.add_strings("tokenizer.ggml.tokens", tokens).add_strings("tokenizer.ggml.merges", merges);
    writer.add_i32s("tokenizer.ggml.token_type", types).add_f32s("tokenizer.ggml.scores", scores);
    writer.add_bool("tokenizer.ggml.add_space_prefix", false);
    const test::Bytes bytes = writer.bytes();
    std::vector<std::string> warnings;
    auto tokenizer = Tokenizer::create(*GgufFile::parse(bytes), warnings);
    check(tokenizer.has_value(), "the fixed vocabulary is refused");
    return std::move(*tokenizer);
}

std::string with_spaces(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const bool space = text.compare(i, 3, "\xE2\x96\x81") == 0;
        out.push_back(space ? ' ' : text[i]);
        i += space ? 3 : 1;
    }
    return out;
}

void fuzz_text(FuzzedDataProvider& data) {
    static const std::unique_ptr<const Tokenizer> bpe = fixed("gpt2", "gpt-2");
    static const std::unique_ptr<const Tokenizer> v3 = fixed("gpt2", "deepseek-v3");
    static const std::unique_ptr<const Tokenizer> qwen = fixed("gpt2", "qwen2");
    static const std::unique_ptr<const Tokenizer> llama = fixed("llama", "default");
    const std::string pre = data.PickValueInArray(kPre);
    const std::size_t step = data.ConsumeIntegralInRange<std::size_t>(1, 9);
    const std::string text = data.ConsumeRemainingBytesAsString();
    check(bpe->decode(bpe->encode(text, {})) == text, "byte-level text does not come back");
    check(v3->decode(v3->encode(text, {})) == text, "byte-level text does not come back");
    check(llama->decode(llama->encode(text, {})) == with_spaces(text),
          "SentencePiece text does not come back");
    const std::string composed = qwen->decode(qwen->encode(text, {}));
    check(is_valid_utf8(composed) || !is_valid_utf8(text), "composition breaks UTF-8");
    if (const PreTokenizerRules* rules = find_pretokenizer(pre); rules != nullptr) {
        std::vector<std::size_t> ends, scratch;
        pretokenize(*rules, CharTable::get(), text, ends, scratch);
        std::size_t before = 0;
        for (const std::size_t end : ends) {
            check(end > before, "an empty piece");
            before = end;
        }
        check(before == text.size(), "pieces do not make up the text");
    }
    Utf8Stream stream;
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += step) {
        stream.push(std::string_view(text).substr(i, step), out);
        check(stream.pending() <= 3, "more than three bytes wait");
    }
    stream.finish(out);
    check(is_valid_utf8(out) && out == to_valid_utf8(text), "streaming depends on the split");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    FuzzedDataProvider data(bytes, size);
    switch (data.ConsumeIntegralInRange(0, 7)) {
        case 0: {
            const std::string text = data.ConsumeRandomLengthString(64);
            const auto rest = data.ConsumeRemainingBytes<std::uint8_t>();
            const auto* begin = reinterpret_cast<const std::byte*>(rest.data());
            try_file(test::Bytes(begin, begin + rest.size()), text);
            break;
        }
        case 1:
        case 2:
        case 3:
            fuzz_metadata(data);
            break;
        default:
            fuzz_text(data);
            break;
    }
    return 0;
}
