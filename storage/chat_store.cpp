// SPDX-License-Identifier: Apache-2.0
// Opening the store: which of the ways a file can be wrong this one is, and what a person is told about it.
#include "storage/chat_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <system_error>

#include <fmt/format.h>
#include <sqlite3.h>

#include "storage/database.h"
#include "storage/migrations.h"
#include "storage/salvage.h"
#include "storage/sqlite_store.h"

namespace tendril::storage {

namespace {

namespace fs = std::filesystem;

Result<std::unique_ptr<ChatStore>> make_store(std::unique_ptr<SQLite::Database> database,
                                              OpenReport& report) {
    const auto version = query_integer(*database, "PRAGMA user_version");
    auto store = std::make_unique<SqliteStore>(std::move(database), report.read_only, version);
    if (!report.read_only) {
        auto interrupted = store->close_interrupted();
        if (!interrupted) {
            return fail(interrupted.error());
        }
        report.interrupted = *interrupted;
    }
    return store;
}

Result<std::unique_ptr<ChatStore>> open_for_reading(const fs::path& file, OpenReport& report) {
    return guarded("opening the conversations", [&]() -> Result<std::unique_ptr<ChatStore>> {
        report.read_only = true;
        try {
            auto database = open_connection(file, Access::read_only);
            query_integer(*database, "SELECT count(*) FROM conversation");
            return make_store(std::move(database), report);
        } catch (const SQLite::Exception&) {
            return make_store(open_connection(file, Access::immutable),
                              report);  // no -shm can be made in this folder
        }
    });
}

Result<std::unique_ptr<ChatStore>> open_fresh(const fs::path& file, OpenReport& report) {
    auto database = open_connection(file, Access::read_write);
    if (auto migrated = migrate(*database, file, schemas()); !migrated) {
        return fail(migrated.error());
    }
    return make_store(std::move(database), report);
}

Result<std::unique_ptr<ChatStore>> replace_damaged(const fs::path& file, OpenReport& report) {
    auto aside = move_aside(file);
    if (!aside) {
        return fail(aside.error());
    }
    auto database = open_connection(file, Access::read_write);
    if (auto migrated = migrate(*database, file, schemas()); !migrated) {
        return fail(migrated.error());
    }
    const auto rescued = salvage(*aside, *database);
    const std::string what =
        rescued && rescued->messages + rescued->conversations > 0
            ? fmt::format("{} conversations with {} messages could be read and are here.",
                          rescued->conversations, rescued->messages)
            : std::string("Nothing in it could be read; this is a new one.");
    report.notices.push_back(fmt::format(
        "The file of conversations was damaged. It is kept untouched as {}. {}", aside->string(), what));
    return make_store(std::move(database), report);
}

bool can_write(const fs::path& file) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    return ::faccessat(AT_FDCWD, folder.c_str(), W_OK, AT_EACCESS) == 0 &&
           (!fs::exists(file) || ::faccessat(AT_FDCWD, file.c_str(), W_OK, AT_EACCESS) == 0);
}

/// Opens an existing, writable file: sound, damaged, or of a newer version.
Result<std::unique_ptr<ChatStore>> open_existing(const fs::path& file, OpenReport& report) {
    std::unique_ptr<SQLite::Database> database;
    std::string damage;
    try {
        database = open_connection(file, Access::read_write);
        damage = find_damage(*database);
    } catch (const SQLite::Exception& failure) {
        const int code = failure.getErrorCode() & 0xFF;
        if (code != SQLITE_CORRUPT && code != SQLITE_NOTADB) {
            throw;
        }
        damage = failure.what();
    }
    if (!damage.empty()) {
        database.reset();
        return replace_damaged(file, report);
    }
    const auto version = query_integer(*database, "PRAGMA user_version");
    if (version > static_cast<std::int64_t>(schemas().size())) {
        database.reset();
        report.notices.push_back(
            fmt::format("The conversations in {} were written by a newer version of Tendril (format {}, this "
                        "one knows {}). They can be read here, "
                        "but nothing new is saved.",
                        file.string(), version, schemas().size()));
        return open_for_reading(file, report);
    }
    if (auto migrated = migrate(*database, file, schemas()); !migrated) {
        return fail(migrated.error());
    }
    return make_store(std::move(database), report);
}

}  // namespace

TimeMs now_ms() {
    using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Result<std::unique_ptr<ChatStore>> ChatStore::open(const fs::path& file, OpenReport& report) {
    report = {};
    return guarded("opening the conversations", [&]() -> Result<std::unique_ptr<ChatStore>> {
        std::error_code failure;
        if (file.has_parent_path()) {
            fs::create_directories(file.parent_path(), failure);
        }
        std::error_code none;
        const bool exists = fs::exists(file, none);
        if (exists && !fs::is_regular_file(file, none)) {
            return fail(ErrorCode::invalid_argument,
                        fmt::format("No conversations can be kept in {}: it is not a file.", file.string()));
        }
        if (!can_write(file)) {
            if (!exists) {
                return fail(ErrorCode::read_only,
                            fmt::format("No conversations can be kept in {}: the folder cannot be written.",
                                        file.string()),
                            failure.message());
            }
            report.notices.push_back(
                fmt::format("{} cannot be written. The conversations can be read, but nothing new is saved.",
                            file.string()));
            return open_for_reading(file, report);
        }
        return exists && fs::file_size(file) > 0 ? open_existing(file, report) : open_fresh(file, report);
    });
}

Result<std::unique_ptr<ChatStore>> ChatStore::open_read_only(const fs::path& file, OpenReport& report) {
    report = {};
    return guarded("opening the conversations", [&]() -> Result<std::unique_ptr<ChatStore>> {
        std::error_code none;
        if (!fs::is_regular_file(file, none)) {
            return fail(ErrorCode::not_found,
                        fmt::format("There is no file of conversations {}.", file.string()));
        }
        return open_for_reading(file, report);
    });
}

}  // namespace tendril::storage
