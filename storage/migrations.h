// SPDX-License-Identifier: Apache-2.0
// Brings a database to the newest schema, one numbered step at a time, each in one transaction. Used by the
// store when it opens.
#pragma once

#include <filesystem>
#include <span>

#include "engine/result.h"

namespace SQLite {
class Database;
}

namespace tendril::storage {

/// The schema scripts; the script at index n makes version n + 1 out of version n.
std::span<const char* const> schemas();

/// Runs the scripts that `database` lacks. Before an existing database (version > 0) is touched, it is copied
/// to FILE.before-version-N. Killed at any moment, the file is of the old or of the new version, never
/// between.
Status migrate(SQLite::Database& database, const std::filesystem::path& file,
               std::span<const char* const> scripts);

}  // namespace tendril::storage
