// SPDX-License-Identifier: Apache-2.0
// SentencePiece-style byte pair encoding (Llama 2, Phi-3, Gemma): merges by score over characters, bytes for
// what is unknown. Immutable after creation; any thread.
#include <algorithm>
#include <bit>
#include <unordered_map>

#include "engine/text/tokenizer_base.h"

namespace tendril::engine {
namespace {

constexpr std::string_view kEscapedSpace = "\xE2\x96\x81";

/// Tells which characters never stand side by side inside a token: text may be cut between them without
/// changing a single merge. A Bloom filter; a false "may" costs only time.
class NeighbourFilter {
  public:
    explicit NeighbourFilter(std::size_t tokens)
        : log2_(std::clamp(static_cast<unsigned>(std::bit_width(tokens)) + 3, 10u, 24u)),
          bits_((std::size_t{1} << log2_) / 64) {}
    void add_token(std::string_view text) {
        char32_t before = kNone;
        for (std::size_t i = 0; i < text.size();) {
            const Utf8Char c = decode_utf8(text.substr(i));
            if (before != kNone) {
                const std::size_t bit = bit_of(before, c.code);
                bits_[bit / 64] |= std::uint64_t{1} << (bit % 64);
            }
            before = c.code;
            i += c.length;
        }
    }
    bool may_join(char32_t left, char32_t right) const {
        const std::size_t bit = bit_of(left, right);
        return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
    }

  private:
    static constexpr char32_t kNone = 0xFFFFFFFF;
    std::size_t bit_of(char32_t left, char32_t right) const {
        const std::uint64_t pair = (std::uint64_t{left} << 32) | right;
        return (pair * 0x9E3779B97F4A7C15u) >> (64 - log2_);
    }
    unsigned log2_;  // of the number of bits: some eight a token
    std::vector<std::uint64_t> bits_;
};

/// Lower ranks merge first, scores are the other way round.
std::uint32_t rank_of_score(float score) {
    const auto bits = std::bit_cast<std::uint32_t>(score + 0.0F);  // no negative zero
    const std::uint32_t ascending = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
    return std::min(~ascending, std::uint32_t{0xFFFFFFFE});
}

struct Settings {
    bool space_prefix = true;
    bool remove_extra_spaces = false;
    bool strips_right = false;  // Phi-3
};

class SentencePieceTokenizer final : public TokenizerBase {
  public:
    SentencePieceTokenizer(Vocabulary vocabulary, SpecialRoles roles, Settings settings,
                           std::vector<std::string>& warnings)
        : TokenizerBase(std::move(vocabulary), std::move(roles), warnings),
          settings_(settings),
          neighbours_(size()) {
        for (std::size_t i = 0; i < this->vocabulary().size(); ++i) {
            const auto id = static_cast<TokenId>(i);
            const TokenType type = this->vocabulary().type(id);
            if (type == TokenType::normal || type == TokenType::unused || type == TokenType::undefined) {
                neighbours_.add_token(this->vocabulary().text(id));
            }
        }
        has_bytes_ = true;
        for (unsigned byte = 0; byte < 256; ++byte) {
            has_bytes_ = has_bytes_ && this->vocabulary().byte_token(static_cast<unsigned char>(byte)) >= 0;
        }
    }

    std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const override {
        if (text.find(kEscapedSpace) == std::string_view::npos) {
            return TokenizerBase::encode(text, options);
        }
        // To SentencePiece a written U+2581 is a space.
        std::string spaced;
        spaced.reserve(text.size());
        for (std::size_t i = 0; i < text.size();) {
            const bool space = text.substr(i).starts_with(kEscapedSpace);
            spaced.push_back(space ? ' ' : text[i]);
            i += space ? kEscapedSpace.size() : 1;
        }
        return TokenizerBase::encode(spaced, options);
    }

  protected:
    bool strips_right(TokenId id) const override {
        if (!settings_.strips_right) {
            return false;
        }
        const std::string_view text = vocabulary().text(id);
        return text != "<unk>" && text != "<s>" && text != "<|endoftext|>";
    }

    void encode_text(std::string_view text, EncodeState& state, std::vector<TokenId>& out) const override {
        std::string changed;
        if (settings_.remove_extra_spaces) {
            changed = without_extra_spaces(text);
        }
        if (settings_.space_prefix) {
            const std::string_view plain = settings_.remove_extra_spaces ? std::string_view(changed) : text;
            std::string prefixed;
            prefixed.reserve(plain.size() + 1);
            if (!plain.empty()) {
                prefixed.push_back(' ');
                prefixed.append(plain);
            }
            changed.swap(prefixed);
        }
        if (settings_.space_prefix || settings_.remove_extra_spaces) {
            text = changed;
        }
        // Cut where no token can reach across; the merges inside a stretch do not see what lies outside.
        std::size_t begin = 0;
        char32_t before = 0;
        for (std::size_t i = 0; i < text.size();) {
            const Utf8Char c = decode_utf8(text.substr(i));
            if (i != begin && !neighbours_.may_join(before, c.code)) {
                encode_stretch(text.substr(begin, i - begin), state, out);
                begin = i;
            }
            before = c.code;
            i += c.length;
        }
        if (begin != text.size()) {
            encode_stretch(text.substr(begin), state, out);
        }
    }

  private:
    static std::string without_extra_spaces(std::string_view text) {
        std::string out;
        for (const char c : text) {
            if (c != ' ' || (!out.empty() && out.back() != ' ')) {
                out.push_back(c);
            }
        }
        if (!out.empty() && out.back() == ' ') {
            out.pop_back();
        }
        return out;
    }

    /// How the unused tokens that merges went through fall apart again: bytes of their left part.
    using UnusedParts = std::unordered_map<TokenId, std::uint32_t>;

    void encode_stretch(std::string_view text, EncodeState& state, std::vector<TokenId>& out) const {
        if (state.cache.append(text, out)) {
            return;
        }
        const std::size_t before = out.size();
        std::vector<Symbol>& symbols = state.symbols;
        symbols.clear();
        for (std::size_t i = 0; i < text.size();) {
            const std::size_t length = decode_utf8(text.substr(i)).length;
            symbols.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(length),
                               vocabulary().find(text.substr(i, length))});
            i += length;
        }
        UnusedParts parts;
        merge_symbols(symbols, state.buffers, [&](const Symbol& left, const Symbol& right) -> MergeCandidate {
            const std::size_t length = std::size_t{left.length} + right.length;
            const TokenId id =
                length <= vocabulary().longest() ? vocabulary().find(text.substr(left.begin, length)) : -1;
            if (id < 0) {
                return {};
            }
            if (vocabulary().type(id) == TokenType::unused) {
                parts[id] = left.length;
            }
            return {rank_of_score(vocabulary().score(id)), id};
        });
        for (const Symbol& symbol : symbols) {
            append_symbol(text, symbol, parts, out);
        }
        state.cache.store(text, out.data() + before, out.size() - before);
    }

    void append_symbol(std::string_view text, const Symbol& symbol, const UnusedParts& parts,
                       std::vector<TokenId>& out) const {
        std::vector<Symbol> waiting;  // right parts of unused tokens; empty nearly always
        Symbol current = symbol;
        while (true) {
            const auto part = parts.empty() ? parts.end() : parts.find(current.id);
            if (current.id >= 0 && part != parts.end() && part->second < current.length) {
                const std::uint32_t left = part->second;
                const std::uint32_t begin = current.begin + left;
                const std::uint32_t length = current.length - left;
                waiting.push_back({begin, length, vocabulary().find(text.substr(begin, length))});
                current = {current.begin, left, vocabulary().find(text.substr(current.begin, left))};
                continue;
            }
            append_token(text.substr(current.begin, current.length), current.id, out);
            if (waiting.empty()) {
                return;
            }
            current = waiting.back();
            waiting.pop_back();
        }
    }

    void append_token(std::string_view bytes, TokenId id, std::vector<TokenId>& out) const {
        if (id >= 0) {
            out.push_back(id);
            return;
        }
        if (!has_bytes_) {
            const TokenId unknown = roles().unknown.value_or(-1);
            // A run of unknown characters is one unknown token.
            if (unknown >= 0 && (out.empty() || out.back() != unknown)) {
                out.push_back(unknown);
            }
            return;
        }
        for (const char byte : bytes) {
            out.push_back(vocabulary().byte_token(static_cast<unsigned char>(byte)));
        }
    }

    Settings settings_;
    NeighbourFilter neighbours_;
    bool has_bytes_ = false;
};

bool read_flag(const GgufFile& file, std::string_view key, bool fallback) {
    const GgufValue* value = file.find(key);
    return value == nullptr ? fallback : value->as_bool().value_or(fallback);
}

/// Phi-3's own tokenizer drops white space behind its markers; the file does not say so, the vocabulary gives
/// it away.
bool is_phi3(const Vocabulary& vocabulary) {
    bool assistant = false;
    bool placeholder = false;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
        const auto id = static_cast<TokenId>(i);
        if (vocabulary.type(id) == TokenType::control || vocabulary.type(id) == TokenType::user_defined) {
            assistant = assistant || vocabulary.text(id) == "<|assistant|>";
            placeholder = placeholder || vocabulary.text(id) == "<|placeholder1|>";
        }
    }
    return assistant && placeholder;
}

}  // namespace

Result<std::unique_ptr<const Tokenizer>> create_sentencepiece_tokenizer(const GgufFile& file,
                                                                        std::vector<std::string>& warnings) {
    Result<Vocabulary> vocabulary = Vocabulary::read(file, TokenSpelling::sentencepiece, warnings);
    if (!vocabulary) {
        return fail(std::move(vocabulary.error()));
    }
    SpecialRoles defaults;
    defaults.bos = 1;  // Llama's first converters left these out
    defaults.eos = 2;
    defaults.unknown = 0;
    defaults.adds_bos = true;
    SpecialRoles roles = SpecialRoles::read(file, *vocabulary, defaults, warnings);
    if (file.find("tokenizer.ggml.precompiled_charsmap") != nullptr) {
        warnings.push_back("tokenizer.ggml.precompiled_charsmap is not used: text is not normalised.");
    }
    Settings settings;
    settings.space_prefix = read_flag(file, "tokenizer.ggml.add_space_prefix", true);
    settings.remove_extra_spaces = read_flag(file, "tokenizer.ggml.remove_extra_whitespaces", false);
    settings.strips_right = is_phi3(*vocabulary);
    return std::make_unique<const SentencePieceTokenizer>(std::move(*vocabulary), std::move(roles), settings,
                                                          warnings);
}

}  // namespace tendril::engine
