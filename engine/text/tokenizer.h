// SPDX-License-Identifier: Apache-2.0
// Turns text into token ids and back, from the vocabulary of an untrusted GGUF file. Immutable after creation: all methods may be
// called from any thread. Owns copies of all it needs, so it may outlive the file and the model.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/gguf.h"
#include "engine/result.h"
#include "engine/types.h"

namespace tendril::engine {

struct EncodeOptions {
    bool add_bos = false;        ///< put BOS/EOS in front/behind if the model wants them (tokenizer.ggml.add_bos_token / add_eos_token)
    bool parse_special = false;  ///< read the text of control tokens ("<|im_end|>") as those tokens; off for what a user typed
};

class Tokenizer {
  public:
    virtual ~Tokenizer() = default;

    /// Errors name the metadata key at fault. `warnings` receives sentences such as "unknown pre-tokenizer 'x', using default".
    static Result<std::unique_ptr<const Tokenizer>> create(const GgufFile& file, std::vector<std::string>& warnings);

    /// Any bytes are accepted; invalid UTF-8 goes through byte tokens. Time is linear or n·log n in the length, stack bounded.
    virtual std::vector<TokenId> encode(std::string_view text, EncodeOptions options) const = 0;
    /// Raw bytes of one token; control tokens give nothing unless `special`. Ids out of range give nothing.
    virtual std::string_view bytes(TokenId token, bool special = false) const = 0;
    virtual std::size_t size() const = 0;  ///< of the vocabulary

    virtual std::optional<TokenId> bos() const = 0;
    virtual std::optional<TokenId> eos() const = 0;
    virtual bool adds_bos() const = 0;
    virtual bool is_control(TokenId token) const = 0;
    /// True for every token that ends an answer (eos, eot, <|im_end|>, <end_of_turn>, ...).
    virtual bool ends_generation(TokenId token) const = 0;
    virtual std::string_view bos_text() const = 0;  ///< as templates want it: "<s>", or ""
    virtual std::string_view eos_text() const = 0;

    /// Bytes of all tokens, as one text (may hold broken UTF-8 at its ends). SentencePiece: the leading space is kept.
    std::string decode(std::span<const TokenId> tokens, bool special = false) const;
};

}  // namespace tendril::engine
