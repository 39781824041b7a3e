// SPDX-License-Identifier: Apache-2.0
// Finds matchers again.
#include "engine/sample/grammar/grammar_pool.h"

#include <algorithm>
#include <utility>

namespace tendril::engine::grammar {

GrammarPool::Index GrammarPool::make_index(const Tokenizer& tokenizer, std::size_t vocabulary) {
    auto trie = TokenTrie::build(tokenizer, vocabulary);
    if (!trie) {
        return fail(std::move(trie.error()));
    }
    return std::make_shared<const VocabularyIndex>(std::move(*trie));
}

void GrammarPool::prepare() {
    if (!prepared()) {
        making_ = std::async(std::launch::async, [tokenizer = tokenizer_, vocabulary = vocabulary_] {
            return make_index(*tokenizer, vocabulary);
        });
    }
}

Result<std::shared_ptr<Matcher>> GrammarPool::open(const std::shared_ptr<const Grammar>& grammar) {
    const auto known = std::find_if(matchers_.begin(), matchers_.end(),
                                    [&](const auto& matcher) { return matcher->grammar() == grammar.get(); });
    if (known != matchers_.end()) {
        std::rotate(known, known + 1, matchers_.end());
        return matchers_.back();
    }
    if (!index_) {
        auto index = making_.valid() ? making_.get() : make_index(*tokenizer_, vocabulary_);
        if (!index) {
            return fail(std::move(index.error()));
        }
        index_ = std::move(*index);
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
