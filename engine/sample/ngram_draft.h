// SPDX-License-Identifier: Apache-2.0
// Guesses the next tokens by looking up where the last few have stood before in the same text ("prompt
// lookup", as in transformers' prompt_lookup_num_tokens). Constant memory and constant time per token,
// however long the text is. One owner, no locking.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/types.h"

namespace tendril::engine {

class NgramDraft {
  public:
    NgramDraft();

    /// At most `most` guesses of what follows `tokens`; empty when the end of the text is new. `tokens` is
    /// the text of the last call with tokens added behind it. The span is valid until the next call.
    std::span<const TokenId> guess(std::span<const TokenId> tokens, std::size_t most);

  private:
    static constexpr std::array<std::size_t, 3> kOrders = {6, 4, 3};  // lengths of the remembered runs
    static constexpr std::size_t kSlots = std::size_t{1}
                                          << 14;  // of each; a later run takes an earlier one's place

    std::array<std::vector<std::uint32_t>, kOrders.size()>
        follow_;               // [kSlots] place behind the run; 0 = none
    std::size_t indexed_ = 0;  // runs whose following place is below this are remembered
    std::vector<TokenId> guess_;
};

}  // namespace tendril::engine
