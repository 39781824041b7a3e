// SPDX-License-Identifier: Apache-2.0
// See database.h.
#include "storage/database.h"

#include <cerrno>

#include <fmt/format.h>
#include <sqlite3.h>

namespace tendril::storage {

namespace {

constexpr int kBusyTimeoutMs = 2000;  // another process may be taking a backup

std::string as_uri(const std::filesystem::path& file) {
    std::string uri = "file:";
    for (const unsigned char c : file.string()) {
        if (std::isalnum(c) != 0 || c == '/' || c == '-' || c == '_' || c == '.') {
            uri += static_cast<char>(c);
        } else {
            uri += fmt::format("%{:02X}", c);
        }
    }
    return uri + "?immutable=1";
}

void configure(SQLite::Database& database, Access access) {
    sqlite3* handle = database.getHandle();
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    // trusted_schema stays on: triggers keep the FTS5 tables, which SQLite 3.40 counts as unsafe there. We
    // register no functions that a hostile schema could do harm with. A damaged file is looked at before
    // anything is done to it: closing it must not write its WAL into it.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    database.exec("PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON;");
    if (access == Access::read_write) {
        database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;");
    }
}

}  // namespace

std::unique_ptr<SQLite::Database> open_connection(const std::filesystem::path& file, Access access) {
    const int flags = access == Access::read_write  ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
                      : access == Access::read_only ? SQLite::OPEN_READONLY
                                                    : SQLite::OPEN_READONLY | SQLite::OPEN_URI;
    const std::string name = access == Access::immutable ? as_uri(file) : file.string();
    auto database = std::make_unique<SQLite::Database>(name, flags, kBusyTimeoutMs);
    configure(*database, access);
    return database;
}

Error to_error(const SQLite::Exception& failure, const char* doing) {
    const int code = failure.getErrorCode() & 0xFF;
    const std::string detail = fmt::format("sqlite {} ({}): {}", failure.getExtendedErrorCode(),
                                           failure.getErrorStr(), failure.what());
    switch (code) {
        case SQLITE_FULL:
            return {ErrorCode::disk_full, fmt::format("The disk is full; it stopped {}.", doing), detail};
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return {ErrorCode::read_only,
                    fmt::format("The conversations cannot be written; this stopped {}.", doing), detail};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {ErrorCode::corrupt,
                    fmt::format("The file of conversations is damaged; this stopped {}.", doing), detail};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::busy,
                    fmt::format("Another program holds the conversations; this stopped {}.", doing), detail};
        case SQLITE_NOMEM:
            return {ErrorCode::out_of_memory, fmt::format("There was not enough memory for {}.", doing),
                    detail};
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
            if (errno == ENOSPC || errno == EDQUOT) {
                return {ErrorCode::disk_full, fmt::format("The disk is full; it stopped {}.", doing), detail};
            }
            return {ErrorCode::io, fmt::format("The disk reported an error; it stopped {}.", doing), detail};
        case SQLITE_CONSTRAINT:
            return {ErrorCode::invalid_argument,
                    fmt::format("The conversation has changed; this stopped {}.", doing), detail};
        default:
            return {ErrorCode::internal, fmt::format("The store of conversations failed while {}.", doing),
                    detail};
    }
}

std::int64_t query_integer(SQLite::Database& database, const char* sql) {
    SQLite::Statement statement(database, sql);
    return statement.executeStep() ? statement.getColumn(0).getInt64() : 0;
}

std::string find_damage(SQLite::Database& database) {
    try {
        SQLite::Statement check(database, "PRAGMA quick_check(1)");
        if (!check.executeStep()) {
            return "no answer from quick_check";
        }
        const std::string verdict = check.getColumn(0).getString();
        return verdict == "ok" ? std::string() : verdict;
    } catch (const SQLite::Exception& failure) {
        const int code = failure.getErrorCode() & 0xFF;
        if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) {
            return failure.what();
        }
        throw;
    }
}

}  // namespace tendril::storage
