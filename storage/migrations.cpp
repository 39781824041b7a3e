// SPDX-License-Identifier: Apache-2.0
// See migrations.h.
#include "storage/migrations.h"

#include <fmt/format.h>

#include "storage/database.h"

namespace tendril::storage {

namespace {

void copy_before(SQLite::Database& database, const std::filesystem::path& file, std::size_t version) {
    const std::filesystem::path copy = file.string() + fmt::format(".before-version-{}", version);
    std::filesystem::remove(copy);  // of an earlier try that was cut
    SQLite::Statement vacuum(database, "VACUUM INTO ?");
    vacuum.bind(1, copy.string());
    vacuum.exec();
}

}  // namespace

Status migrate(SQLite::Database& database, const std::filesystem::path& file,
               std::span<const char* const> scripts) {
    return guarded("preparing the conversations", [&]() -> Status {
        const auto version = static_cast<std::size_t>(query_integer(database, "PRAGMA user_version"));
        if (version > 0 && version < scripts.size()) {
            copy_before(database, file, scripts.size());
        }
        for (std::size_t next = version; next < scripts.size(); ++next) {
            SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
            database.exec(scripts[next]);
            database.exec(fmt::format("PRAGMA user_version={}", next + 1));
            transaction.commit();
        }
        return {};
    });
}

}  // namespace tendril::storage
