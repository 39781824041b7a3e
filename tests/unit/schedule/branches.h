// SPDX-License-Identifier: Apache-2.0
// Branches of a text, and texts that are put together of what branches have written. For the tests of the
// step loop. One thread.
#pragma once

#include "tests/unit/schedule/probes.h"
#include "tests/unit/schedule/writer.h"

namespace tendril::test {

inline constexpr std::size_t kBranches = 8;
inline const std::vector<TokenId> kGlue = {10, 10};

struct Family {
    std::vector<TokenId> chat = random_tokens(100, 3);
    std::vector<TokenId> question = random_tokens(24, 5);
    std::vector<TokenId> suffix(std::size_t branch) const {
        return random_tokens(6 + 5 * branch, 40 + static_cast<unsigned>(branch));
    }
};

inline TinyModel large(const QString& architecture) {
    TinyModel tiny = model(architecture);
    tiny.context = 2048;
    return tiny;
}

/// Texts that were read to the end, and that the tree knows: what branches leave.
inline std::vector<std::vector<TokenId>> read_contexts(TinyRuntime& runtime, std::size_t count,
                                                       CacheScope scope = {}) {
    std::vector<std::vector<TokenId>> texts;
    for (std::size_t i = 0; i < count; ++i) {
        texts.push_back(random_tokens(90 + 7 * i, 70 + static_cast<unsigned>(i)));
        Answer answer;
        read_ahead(runtime, 100 + i, texts.back(), answer, scope);
        runtime.run();
    }
    return texts;
}

inline std::vector<std::size_t> lengths(std::size_t count) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back(20 + 11 * i);
    }
    return all;
}

}  // namespace tendril::test
