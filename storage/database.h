// SPDX-License-Identifier: Apache-2.0
// A configured SQLite connection and the translation of SQLite's failures into our errors. Owned by the
// store, used on its thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include "engine/result.h"

namespace tendril::storage {

enum class Access {
    read_write,
    read_only,
    immutable /* no lock, no -shm: for a folder that cannot be written */
};

/// Opens with WAL, synchronous=FULL, foreign keys and SQLite's defences on. Throws SQLite::Exception.
std::unique_ptr<SQLite::Database> open_connection(const std::filesystem::path& file, Access access);

/// What a failure of SQLite means; never contains SQL values.
Error to_error(const SQLite::Exception& failure, const char* doing);

/// Runs `body`, which may throw SQLite::Exception, and turns what it throws into an error. `doing`: "saving
/// the message".
template <typename Body>
auto guarded(const char* doing, Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const SQLite::Exception& failure) {
        return fail(to_error(failure, doing));
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, std::string("There was not enough memory for ") + doing + ".");
    } catch (const std::exception& failure) {
        return fail(ErrorCode::internal, std::string("An unexpected error stopped ") + doing + ".",
                    failure.what());
    }
}

/// One row, one integer.
std::int64_t query_integer(SQLite::Database& database, const char* sql);

/// Nothing when the file is sound; else what is wrong (of the first problem). A file that is no database at
/// all is reported too.
std::string find_damage(SQLite::Database& database);

}  // namespace tendril::storage
