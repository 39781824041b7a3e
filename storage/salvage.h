// SPDX-License-Identifier: Apache-2.0
// What happens to a damaged database: it is moved aside untouched, and what can still be read goes into a
// fresh one.
#pragma once

#include <filesystem>
#include <string>

#include "engine/result.h"

namespace SQLite {
class Database;
}

namespace tendril::storage {

/// Renames the file and its -wal and -shm to FILE.damaged-YYYYMMDD-HHMMSS. Gives the new name.
Result<std::filesystem::path> move_aside(const std::filesystem::path& file);

struct SalvageCount {
    std::size_t conversations = 0;
    std::size_t messages = 0;
};

/// Copies every conversation and message that can be read from a working copy of `damaged` into the empty
/// `fresh`. Messages whose conversation is lost go to a conversation "Recovered messages"; those whose parent
/// is lost begin a branch of their own. `damaged` itself is not opened, so it stays as it was, byte for byte.
Result<SalvageCount> salvage(const std::filesystem::path& damaged, SQLite::Database& fresh);

}  // namespace tendril::storage
