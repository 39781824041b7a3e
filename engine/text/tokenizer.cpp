// SPDX-License-Identifier: Apache-2.0
// Chooses the kind of tokenizer, and what both kinds share. Immutable after creation; any thread. See
// tokenizer.h, tokenizer_base.h.
#include "engine/text/tokenizer.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "engine/text/tokenizer_base.h"

namespace tendril::engine {
namespace {

constexpr std::size_t kCacheEntries = 4096;
constexpr std::size_t kCacheFrom = 8192;                   // bytes of text
constexpr std::size_t kMaxStretch = std::size_t{1} << 30;  // positions are 32 bits wide inside

}  // namespace

PieceCache::PieceCache(std::size_t text_bytes) : entries_(text_bytes < kCacheFrom ? 0 : kCacheEntries) {}

std::size_t PieceCache::slot_of(std::string_view piece) {
    return XXH3_64bits(piece.data(), piece.size()) % kCacheEntries;
}

bool PieceCache::append(std::string_view piece, std::vector<TokenId>& out) const {
    if (entries_.empty() || piece.size() > kMaxBytes) {
        return false;
    }
    const Entry& entry = entries_[slot_of(piece)];
    if (entry.length != piece.size() || std::memcmp(entry.bytes.data(), piece.data(), piece.size()) != 0) {
        return false;
    }
    out.insert(out.end(), entry.ids.begin(), entry.ids.begin() + entry.count);
    return true;
}

void PieceCache::store(std::string_view piece, const TokenId* ids, std::size_t count) {
    if (entries_.empty() || piece.empty() || piece.size() > kMaxBytes || count > kMaxIds) {
        return;
    }
    Entry& entry = entries_[slot_of(piece)];
    entry.length = static_cast<std::uint8_t>(piece.size());
    entry.count = static_cast<std::uint8_t>(count);
    std::memcpy(entry.bytes.data(), piece.data(), piece.size());
    std::copy_n(ids, count, entry.ids.begin());
}

std::vector<TokenId> TokenizerBase::encode(std::string_view text, EncodeOptions options) const {
    std::vector<TokenId> out;
    out.reserve(text.size() / 3 + 2);
    if (options.add_bos && roles_.adds_bos) {
        out.push_back(*roles_.bos);
    }
    EncodeState state(text.size());
    for (std::size_t position = 0; position < text.size();) {
        const SpecialMatcher::Match match = matcher_.next(text, position, options.parse_special);
        while (position < match.begin) {
            const std::size_t length = std::min(match.begin - position, kMaxStretch);
            encode_text(text.substr(position, length), state, out);
            position += length;
        }
        if (match.id < 0) {
            break;
        }
        out.push_back(match.id);
        position = match.end;
        if (strips_right(match.id)) {
            position += PieceText(text.substr(position), chars_).run_of(0, kCharSpace);
        }
    }
    if (options.add_bos && roles_.adds_eos) {
        out.push_back(*roles_.eos);
    }
    return out;
}

std::string_view TokenizerBase::bytes(TokenId token, bool special) const {
    if (!vocabulary_.contains(token)) {
        return {};
    }
    const TokenType type = vocabulary_.type(token);
    if (!special && (type == TokenType::control || type == TokenType::unknown)) {
        return {};
    }
    return vocabulary_.text(token);
}

bool TokenizerBase::is_control(TokenId token) const {
    return vocabulary_.contains(token) && vocabulary_.type(token) == TokenType::control;
}

bool TokenizerBase::ends_generation(TokenId token) const {
    return std::binary_search(roles_.ends.begin(), roles_.ends.end(), token);
}

std::string Tokenizer::decode(std::span<const TokenId> tokens, bool special) const {
    std::string text;
    for (const TokenId token : tokens) {
        text.append(bytes(token, special));
    }
    return text;
}

Result<std::unique_ptr<const Tokenizer>> Tokenizer::create(const GgufFile& file,
                                                           std::vector<std::string>& warnings) {
    constexpr std::string_view key = "tokenizer.ggml.model";
    const GgufValue* value = file.find(key);
    if (value == nullptr) {
        return fail(ErrorCode::malformed,
                    "The model file has no tokenizer: tokenizer.ggml.model is missing.");
    }
    const auto model = value->as_string();
    if (!model) {
        return fail(ErrorCode::malformed,
                    "The model's tokenizer cannot be read: tokenizer.ggml.model is not a text.");
    }
    if (*model == "gpt2") {
        return create_bpe_tokenizer(file, warnings);
    }
    if (*model == "llama") {
        return create_sentencepiece_tokenizer(file, warnings);
    }
    const std::string_view kind = *model == "bert" ? " (WordPiece)" : *model == "t5" ? " (Unigram)" : "";
    return fail(ErrorCode::unsupported, "This model's tokenizer is of the kind \"" +
                                            std::string(model->substr(0, 40)) + "\"" + std::string(kind) +
                                            ", which this program does not know (tokenizer.ggml.model).");
}

}  // namespace tendril::engine
