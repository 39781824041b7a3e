// SPDX-License-Identifier: Apache-2.0
// The numbers that GGUF files give to tensor types, those that this program reads and those that it only
// knows by name. Constants, any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/types.h"

namespace tendril::engine {

/// The type that a file means by `number`; nothing for all that this program does not compute with.
std::optional<DataType> tensor_type(std::uint32_t number);

/// The file's number of a type.
std::uint32_t tensor_type_number(DataType type);

/// What people call the type with this number ("IQ4_XS"), or null when nobody has given it a name yet.
const char* tensor_type_name(std::uint32_t number);

}  // namespace tendril::engine
