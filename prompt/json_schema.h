// SPDX-License-Identifier: Apache-2.0
// From a JSON schema to a grammar of the JSON texts that it allows. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/result.h"

namespace tendril::prompt {

inline constexpr std::size_t kMaxSchemaBytes = std::size_t{1} << 17;
inline constexpr std::size_t kMaxSchemaDepth = 48;          ///< of schemas within each other
inline constexpr std::size_t kMaxSchemaRepetitions = 4096;  ///< in minLength, maxItems, ...

/// A grammar in GBNF for JSON on one line, with a space behind each colon and comma: each text of it is valid
/// under the schema. Properties come in the schema's order, and no others; numbers have at most 18 digits (16
/// and 15 with a fraction).
///
/// Known: type (also a list), properties, required, additionalProperties (a schema only where there are no
/// properties), items, minItems, maxItems, minLength, maxLength, enum, const, anyOf, $defs (or definitions)
/// and $ref to them or to "#", true and {} for any value. Texts that explain (title, description, ...) are
/// passed over. All else is an error that names it and its place; what a schema allows that can never end is
/// left to the grammar's compiler.
Result<std::string> grammar_of_schema(std::string_view schema);

}  // namespace tendril::prompt
