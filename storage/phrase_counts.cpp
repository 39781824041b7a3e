// SPDX-License-Identifier: Apache-2.0
// See phrase_counts.h. FTS5's own bm25() counts in how many rows of the whole table a word is: of all
// conversations. What a question finds must depend on its own documents alone, so the counts come out raw.
#include "storage/phrase_counts.h"

#include <cstdint>
#include <new>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace tendril::storage {

namespace {

void phrase_counts(const Fts5ExtensionApi* api, Fts5Context* row, sqlite3_context* result, int,
                   sqlite3_value**) noexcept {
    try {
        std::vector<std::uint32_t> counts(static_cast<std::size_t>(api->xPhraseCount(row)));
        for (std::size_t i = 0; i < counts.size(); ++i) {
            Fts5PhraseIter at{};
            int column = 0;
            int place = 0;
            int code = api->xPhraseFirst(row, static_cast<int>(i), &at, &column, &place);
            for (; code == SQLITE_OK && column >= 0; api->xPhraseNext(row, &at, &column, &place)) {
                ++counts[i];
            }
            if (code != SQLITE_OK) {
                sqlite3_result_error_code(result, code);
                return;
            }
        }
        sqlite3_result_blob64(result, counts.data(), counts.size() * sizeof(std::uint32_t), SQLITE_TRANSIENT);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(result);
    }
}

void check(sqlite3* handle, int code) {
    if (code != SQLITE_OK) {
        throw SQLite::Exception(handle, code);
    }
}

}  // namespace

void add_phrase_counts(SQLite::Database& database) {
    sqlite3* const handle = database.getHandle();
    sqlite3_stmt* statement = nullptr;
    check(handle, sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, nullptr));
    fts5_api* api = nullptr;
    sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
    check(handle, sqlite3_finalize(statement));
    check(handle, api == nullptr
                      ? SQLITE_ERROR
                      : api->xCreateFunction(api, "phrase_counts", nullptr, &phrase_counts, nullptr));
}

}  // namespace tendril::storage
