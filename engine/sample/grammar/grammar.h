// SPDX-License-Identifier: Apache-2.0
// A compiled grammar: the texts that an answer may be. Immutable after compile(); any thread. Shared by the
// requests that use it, which find each other's work again as long as they give the same object.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "engine/result.h"

namespace tendril::engine {

namespace grammar {
struct Network;
}

class Grammar {
  public:
    static constexpr std::size_t kMaxBytes = std::size_t{1} << 18;  ///< of the grammar's text
    static constexpr std::size_t kMaxRules = 4096;
    static constexpr std::size_t kMaxNesting = 64;        ///< of groups
    static constexpr std::size_t kMaxRepetitions = 4096;  ///< in {m,n}
    static constexpr std::size_t kMaxNodes = std::size_t{1} << 18;

    /// Compiles a grammar in GBNF, llama.cpp's notation: lines `name ::= ...`, of which `root` is the whole
    /// answer; "literals" with \n \r \t \\ \" \xHH \uHHHH \UHHHHHHHH, [classes] of characters with ranges and
    /// [^negation], `.` for any character, names of rules, (groups), alternatives `|`, the repetitions
    /// * + ? {m} {m,} {m,n}, and # comments. Characters are code points; an answer is valid UTF-8.
    /// Errors (malformed, unsupported, too_large) name line and column: unknown rules, rules that begin with
    /// themselves (left recursion), a root that can never end, limits.
    static Result<std::shared_ptr<const Grammar>> compile(std::string_view gbnf);

    ~Grammar();
    Grammar(const Grammar&) = delete;
    Grammar& operator=(const Grammar&) = delete;

    const grammar::Network& network() const { return *network_; }

  private:
    explicit Grammar(std::unique_ptr<const grammar::Network> network);

    std::unique_ptr<const grammar::Network> network_;
};

}  // namespace tendril::engine
