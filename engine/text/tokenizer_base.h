// SPDX-License-Identifier: Apache-2.0
// What both kinds of tokenizer share: special tokens around stretches of plain text, and the way back to
// bytes. Immutable after creation; any thread. Private to engine/text.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/merge.h"
#include "engine/text/pretokenizer.h"
#include "engine/text/special_tokens.h"
#include "engine/text/tokenizer.h"
#include "engine/text/unicode.h"
#include "engine/text/vocabulary.h"

namespace tendril::engine {

/// Remembers the ids of short pieces within one encode() call: text repeats its words.
class PieceCache {
  public:
    static constexpr std::size_t kMaxBytes = 22;
    static constexpr std::size_t kMaxIds = 8;
    /// Worth its memory only for longer texts; without, find() finds nothing.
    explicit PieceCache(std::size_t text_bytes);
    /// Appends what is known about `piece`; false if nothing is.
    bool append(std::string_view piece, std::vector<TokenId>& out) const;
    void store(std::string_view piece, const TokenId* ids, std::size_t count);

  private:
    struct Entry {
        std::uint8_t length = 0;
        std::uint8_t count = 0;
        std::array<char, kMaxBytes> bytes{};
        std::array<TokenId, kMaxIds> ids{};
    };
    static std::size_t slot_of(std::string_view piece);
    std::vector<Entry> entries_;
};

/// The working memory of one encode() call.
struct EncodeState {
    explicit EncodeState(std::size_t text_bytes) : cache(text_bytes) {}
    PieceCache cache;
    MergeBuffers buffers;
    std::vector<Symbol> symbols;
    std::vector<std::size_t> ends, scratch;
};

class TokenizerBase : public Tokenizer {
  public:
    std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const override;
    std::string_view bytes(TokenId token, bool special) const override;
    std::size_t size() const override { return vocabulary_.size(); }
    std::optional<TokenId> bos() const override { return roles_.bos; }
    std::optional<TokenId> eos() const override { return roles_.eos; }
    bool adds_bos() const override { return roles_.adds_bos; }
    bool is_control(TokenId token) const override;
    bool ends_generation(TokenId token) const override;
    std::string_view bos_text() const override { return roles_.bos ? vocabulary_.text(*roles_.bos) : ""; }
    std::string_view eos_text() const override { return roles_.eos ? vocabulary_.text(*roles_.eos) : ""; }

  protected:
    TokenizerBase(Vocabulary vocabulary, SpecialRoles roles, std::vector<std::string>& warnings)
        : vocabulary_(std::move(vocabulary)), roles_(std::move(roles)), matcher_(vocabulary_, warnings) {}

    /// The ids of text between special tokens; not empty, under 1 GiB.
    virtual void encode_text(std::string_view text, EncodeState& state, std::vector<TokenId>& out) const = 0;
    /// True for tokens that swallow the white space behind them.
    virtual bool strips_right(TokenId) const { return false; }

    const Vocabulary& vocabulary() const { return vocabulary_; }
    const SpecialRoles& roles() const { return roles_; }
    const CharTable& chars() const { return chars_; }

  private:
    Vocabulary vocabulary_;
    SpecialRoles roles_;
    SpecialMatcher matcher_;
    const CharTable& chars_ = CharTable::get();
};

Result<std::unique_ptr<const Tokenizer>> create_bpe_tokenizer(const GgufFile& file,
                                                              std::vector<std::string>& warnings);
Result<std::unique_ptr<const Tokenizer>> create_sentencepiece_tokenizer(const GgufFile& file,
                                                                        std::vector<std::string>& warnings);

}  // namespace tendril::engine
