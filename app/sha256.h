// SPDX-License-Identifier: Apache-2.0
// The SHA-256 of a file. Blocks for as long as reading takes: background thread only.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "engine/result.h"

namespace tendril::app {

/// 64 lower-case hexadecimal digits. `cancelled` is asked every few megabytes.
Result<std::string> sha256_of_file(const std::filesystem::path& file,
                                   const std::function<bool()>& cancelled = {});

}  // namespace tendril::app
