// SPDX-License-Identifier: Apache-2.0
// An auxiliary function for FTS5: how often each phrase of the query is in a row. Private to this room.
#pragma once

namespace SQLite {
class Database;
}

namespace tendril::storage {

/// Makes phrase_counts(TABLE) known to this connection; it gives a blob of 32-bit numbers, one for each
/// phrase of the MATCH, in their order. Throws SQLite::Exception where SQLite was built without FTS5.
void add_phrase_counts(SQLite::Database& database);

}  // namespace tendril::storage
