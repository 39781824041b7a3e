// SPDX-License-Identifier: Apache-2.0
// Writes a file as a whole or not at all: temporary file beside it, fsync, rename. Blocks; any thread but the
// GUI's.
#pragma once

#include <filesystem>
#include <string_view>

#include "engine/result.h"

namespace tendril::app {

Status write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace tendril::app
