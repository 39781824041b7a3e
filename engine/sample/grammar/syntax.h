// SPDX-License-Identifier: Apache-2.0
// The tree that a GBNF text stands for, and the reader of such texts. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"

namespace tendril::engine::grammar {

/// Of a character in the text, for messages; both from 1.
struct Place {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};

struct CodeRange {
    char32_t first = 0;
    char32_t last = 0;
};

inline constexpr char32_t kLastCodePoint = 0x10FFFF;
inline constexpr std::uint32_t kUnbounded = 0xFFFFFFFF;

using ExpressionId = std::uint32_t;

struct Expression {
    enum class Kind : std::uint8_t { literal, characters, reference, sequence, choice, repetition };
    Kind kind = Kind::sequence;
    std::string bytes;                   ///< literal: UTF-8
    std::vector<CodeRange> ranges;       ///< characters: ascending, apart from each other, no surrogates
    std::uint32_t rule = 0;              ///< reference: index into Syntax::rules
    std::vector<ExpressionId> children;  ///< of a sequence, a choice; of a repetition one
    std::uint32_t least = 0;             ///< repetition
    std::uint32_t most = 0;
};

struct Rule {
    std::string name;
    Place place;  ///< of its definition, or of its first use while it has none
    bool defined = false;
    ExpressionId body = 0;
};

struct Syntax {
    std::vector<Expression> expressions;
    std::vector<Rule> rules;
    std::uint32_t root = 0;
};

/// Reads a whole grammar. All rules of the result are defined. Time and memory are linear in the text.
Result<Syntax> read_gbnf(std::string_view text);

}  // namespace tendril::engine::grammar
