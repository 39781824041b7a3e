// SPDX-License-Identifier: Apache-2.0
// The grammars that requests of one model use: the tree of its tokens, made in idle time on a thread of its
// own or when the first one comes, and the matchers of the last few grammars. Engine thread.
#pragma once

#include <cstddef>
#include <future>
#include <memory>
#include <vector>

#include "engine/sample/grammar/matcher.h"

namespace tendril::engine::grammar {

class GrammarPool {
  public:
    static constexpr std::size_t kKept = 4;  ///< matchers that no request uses any more

    /// `vocabulary`: the number of logits.
    GrammarPool(std::shared_ptr<const Tokenizer> tokenizer, std::size_t vocabulary)
        : tokenizer_(std::move(tokenizer)), vocabulary_(vocabulary) {}

    /// Begins to make the tree of tokens, which takes 50 to 120 ms; open() waits for what is left of it.
    void prepare();
    bool prepared() const { return index_ != nullptr || making_.valid(); }

    /// The same matcher for the same grammar, as long as it is kept. It must not outlive the pool.
    Result<std::shared_ptr<Matcher>> open(const std::shared_ptr<const Grammar>& grammar);

  private:
    std::shared_ptr<const Tokenizer> tokenizer_;
    std::size_t vocabulary_;
    using Index = Result<std::shared_ptr<const VocabularyIndex>>;
    static Index make_index(const Tokenizer& tokenizer, std::size_t vocabulary);

    std::shared_ptr<const VocabularyIndex> index_;
    std::future<Index> making_;
    std::vector<std::shared_ptr<Matcher>> matchers_;  // the latest used last
};

}  // namespace tendril::engine::grammar
