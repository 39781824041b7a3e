// SPDX-License-Identifier: Apache-2.0
// The tokens of an untrusted GGUF file: their bytes, types, scores, and a table from bytes to id. Built once
// by Vocabulary::read, immutable afterwards; any thread. Owns all its bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/gguf.h"
#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

/// tokenizer.ggml.token_type, with the file's numbers.
enum class TokenType : std::uint8_t { undefined = 0, normal, unknown, control, user_defined, unused, byte };

/// How the file writes a normal token's bytes.
enum class TokenSpelling {
    byte_level,     ///< GPT-2: each byte is one printable character
    sentencepiece,  ///< UTF-8, a space is U+2581, bytes are "<0x0A>"
};

/// A flat hash table from texts to ids below kMaxIds, 8 bytes a text; the texts stay with the caller. The
/// seed makes crafted collisions hard.
class TextIndex {
  public:
    static constexpr std::size_t kMaxIds = std::size_t{1} << 21;

    void reset(std::size_t expected, std::uint64_t seed);
    template <typename TextOf>
    TokenId find(std::string_view text, TextOf&& text_of) const {
        const std::uint64_t hash = hash_of(text);
        const std::uint32_t check = check_of(hash);
        for (std::size_t i = start_of(hash);; i = i + 1 < slots_.size() ? i + 1 : 0) {
            const std::uint32_t slot = slots_[i];
            if (slot == 0) {
                return -1;
            }
            if ((slot & kCheckMask) == check) {
                const auto id = static_cast<TokenId>((slot & kIdMask) - 1);
                if (text_of(id) == text) {
                    return id;
                }
            }
        }
    }
    /// The caller has seen with find() that `text` is new; not more than `expected` texts.
    void insert(std::string_view text, TokenId id);

  private:
    // A slot is the id plus one, and behind it bits of the hash: few other texts are looked at.
    static constexpr std::uint32_t kIdMask = (std::uint32_t{1} << 22) - 1;
    static constexpr std::uint32_t kCheckMask = ~kIdMask;
    static std::uint32_t check_of(std::uint64_t hash) {
        return static_cast<std::uint32_t>(hash) & kCheckMask;
    }
    std::size_t start_of(std::uint64_t hash) const { return (hash >> 32) * slots_.size() >> 32; }
    std::uint64_t hash_of(std::string_view text) const;

    std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(1);  // half of them are 0: empty
    std::uint64_t seed_ = 0;
};

class Vocabulary {
  public:
    static constexpr std::size_t kMaxTokens = TextIndex::kMaxIds;
    static constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30;

    /// Reads tokens, token_type and scores. Errors name the key at fault; `warnings` gets what could be
    /// repaired.
    static Result<Vocabulary> read(const GgufFile& file, TokenSpelling spelling,
                                   std::vector<std::string>& warnings);

    std::size_t size() const { return types_.size(); }
    bool contains(TokenId id) const { return id >= 0 && static_cast<std::size_t>(id) < size(); }
    /// The bytes that the token stands for; for control and user-defined tokens their text. `id` must be
    /// contained.
    std::string_view text(TokenId id) const {
        const auto i = static_cast<std::size_t>(id);
        return std::string_view(arena_).substr(offsets_[i], offsets_[i + 1] - offsets_[i]);
    }
    TokenType type(TokenId id) const { return types_[static_cast<std::size_t>(id)]; }
    void set_type(TokenId id, TokenType type) { types_[static_cast<std::size_t>(id)] = type; }
    /// Higher merges first (SentencePiece); 0 without scores.
    float score(TokenId id) const { return scores_.empty() ? 0.0F : scores_[static_cast<std::size_t>(id)]; }

    /// The normal (or unused) token of exactly these bytes, or -1.
    TokenId find(std::string_view bytes) const {
        return index_.find(bytes, [this](TokenId id) { return text(id); });
    }
    /// The token that stands for one byte, or -1.
    TokenId byte_token(unsigned char byte) const { return byte_tokens_[byte]; }
    std::size_t longest() const { return longest_; }  ///< bytes of the longest normal token
    std::uint64_t seed() const { return seed_; }

    /// Turns a byte-level spelling into bytes, appended to `out`; false (and nothing) if a character is not
    /// of that alphabet.
    static bool append_unspelled(std::string_view spelled, std::string& out);

  private:
    Status read_types(const GgufFile& file, std::vector<std::string>& warnings);
    Status read_scores(const GgufFile& file, std::vector<std::string>& warnings);
    Status read_texts(const GgufFile& file, TokenSpelling spelling, std::vector<std::string>& warnings);
    void append_text(std::string_view spelled, std::size_t id, TokenSpelling spelling);
    void build_index(TokenSpelling spelling, std::vector<std::string>& warnings);

    std::string arena_;                   // the texts, one behind the other
    std::vector<std::uint32_t> offsets_;  // size() + 1
    std::vector<TokenType> types_;
    std::vector<float> scores_;
    std::vector<bool> spelled_;  // the text could be read in the file's spelling
    std::vector<TokenId> byte_tokens_ = std::vector<TokenId>(256, -1);
    TextIndex index_;
    std::size_t longest_ = 0;
    std::uint64_t seed_ = 0;
};

}  // namespace tendril::engine
