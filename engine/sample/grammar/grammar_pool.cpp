// SPDX-License-Identifier: Apache-2.0
// Finds matchers again.
#include "engine/sample/grammar/grammar_pool.h"

#include <algorithm>
#include <utility>

namespace tendril::engine::grammar {

Result<std::shared_ptr<Matcher>> GrammarPool::open(const std::shared_ptr<const Grammar>& grammar) {
    const auto known = std::find_if(matchers_.begin(), matchers_.end(),
                                    [&](const auto& matcher) { return matcher->grammar() == grammar.get(); });
    if (known != matchers_.end()) {
        std::rotate(known, known + 1, matchers_.end());
        return matchers_.back();
    }
    if (!index_) {
        auto trie = TokenTrie::build(*tokenizer_, vocabulary_);
        if (!trie) {
            return fail(std::move(trie.error()));
        }
        index_ = std::make_shared<const VocabularyIndex>(std::move(*trie));
    }
    auto matcher = Matcher::create(grammar, index_, *tokenizer_);
    if (!matcher) {
        return matcher;
    }
    matchers_.push_back(std::move(*matcher));
    if (matchers_.size() > kKept) {  // those in use live on with their requests
        matchers_.erase(matchers_.begin());
    }
    return matchers_.back();
}

}  // namespace tendril::engine::grammar
