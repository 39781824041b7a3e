// SPDX-License-Identifier: Apache-2.0
// See salvage.h.
#include "storage/salvage.h"

#include <chrono>
#include <functional>
#include <set>
#include <system_error>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "storage/database.h"

namespace tendril::storage {

namespace {

namespace fs = std::filesystem;

constexpr const char* kCompanions[] = {"", "-wal", "-shm"};
constexpr std::int64_t kMaxId = 100'000'000;  // of a table; a damaged file may claim any number

constexpr const char* kConversationColumns =
    "id, title, created, updated, deleted, leaf, draft, system_prompt, model_path";
constexpr const char* kConversationColumnsSince2 = ", private, titled_by";
constexpr const char* kConversationColumnsSince3 = ", answer_mode";
constexpr const char* kMessageColumnsSince3 = ", expansion";
constexpr const char* kMessageColumnsSince4 = ", memory, context";
constexpr const char* kDocumentColumns = "id, conversation, name, kind, file_bytes, text, text_hash, created";
constexpr const char* kAttachmentColumns = "id, document, message, place, choice";
constexpr const char* kRepresentationColumns =
    "id, conversation, document, first_message, last_message, form, method, rate, scorer, text, "
    "tokens_before, tokens_after, undone, created";
constexpr const char* kTitlesBefore2 =
    "UPDATE conversation SET titled_by=2 WHERE title<>''";  // as in schema-2.sql
constexpr const char* kMessageColumns =
    "id, conversation, parent, role, status, text, error, model_name, model_sha256, sampler, seed, "
    "prompt_tokens, "
    "cached_tokens, answer_tokens, first_token_ms, decode_ms, created, finished, left_out";

/// Copies rows of one table from a file in which any page may be unreadable.
class RowRescue {
  public:
    RowRescue(SQLite::Database& from, SQLite::Database& to, std::string table, std::string columns)
        : from_(from), to_(to), table_(std::move(table)), columns_(std::move(columns)) {}

    std::size_t run() {
        copy_range(1, highest_id());
        return copied_;
    }

  private:
    std::int64_t highest_id() {
        std::int64_t highest = 0;
        for (const auto& sql : {fmt::format("SELECT max(id) FROM {}", table_),
                                fmt::format("SELECT seq FROM sqlite_sequence WHERE name='{}'", table_)}) {
            try {
                highest = std::max(highest, query_integer(from_, sql.c_str()));
            } catch (const SQLite::Exception&) {
                // the other source may still be readable
            }
        }
        return std::min(highest == 0 ? kMaxId : highest, kMaxId);
    }

    /// Reads the range in one pass; where that fails, halves what is left, so that only unreadable rows are
    /// lost.
    void copy_range(std::int64_t first, std::int64_t last) {
        if (first > last) {
            return;
        }
        std::int64_t next = first;
        try {
            SQLite::Statement rows(
                from_,
                fmt::format("SELECT {} FROM {} WHERE id BETWEEN ? AND ? ORDER BY id", columns_, table_));
            rows.bind(1, first);
            rows.bind(2, last);
            while (rows.executeStep()) {
                insert(rows);
                next = rows.getColumn(0).getInt64() + 1;
            }
            return;
        } catch (const SQLite::Exception&) {
            if (next >= last || ++failures_ > kMaxFailures) {
                return;
            }
        }
        const std::int64_t middle = next + (last - next) / 2;
        copy_range(next, middle);
        copy_range(middle + 1, last);
    }

    void insert(SQLite::Statement& row) {
        std::string marks = "?";
        for (int i = 1; i < row.getColumnCount(); ++i) {
            marks += ",?";
        }
        SQLite::Statement into(
            to_, fmt::format("INSERT OR IGNORE INTO {}({}) VALUES ({})", table_, columns_, marks));
        for (int i = 0; i < row.getColumnCount(); ++i) {
            const SQLite::Column value = row.getColumn(i);
            if (value.isNull()) {
                into.bind(i + 1);
            } else if (value.isInteger()) {
                into.bind(i + 1, value.getInt64());
            } else if (value.isFloat()) {
                into.bind(i + 1, value.getDouble());
            } else if (value.isBlob()) {
                into.bind(i + 1, value.getBlob(), value.getBytes());
            } else {
                into.bind(i + 1, value.getString());
            }
        }
        try {
            copied_ += static_cast<std::size_t>(into.exec());
        } catch (const SQLite::Exception&) {
            // a row whose values break the schema (a flipped bit) is not worth the others
        }
    }

    static constexpr int kMaxFailures = 100'000;
    SQLite::Database& from_;
    SQLite::Database& to_;
    std::string table_;
    std::string columns_;
    std::size_t copied_ = 0;
    int failures_ = 0;
};

/// Of several lists of columns, the longer ones first, the first that the damaged file knows: it may be of an
/// older version.
std::string known_columns(SQLite::Database& from, const char* table, std::vector<std::string> lists) {
    for (const std::string& columns : lists) {
        try {
            const SQLite::Statement known(from, fmt::format("SELECT {} FROM {}", columns, table));
            return columns;
        } catch (const SQLite::Exception&) {
            // an older one, then
        }
    }
    return lists.back();
}

/// Makes references whole again: lost conversations, parents, leaves; replies that were being written.
void repair_references(SQLite::Database& database) {
    database.exec(
        "INSERT INTO conversation(id, title, created, updated) SELECT conversation, 'Recovered messages', "
        "min(created), max(created) "
        "FROM message WHERE conversation NOT IN (SELECT id FROM conversation) GROUP BY conversation;"
        "UPDATE message SET parent=NULL WHERE parent NOT IN (SELECT id FROM message);"
        "UPDATE message SET status=2 WHERE status=1;"
        "UPDATE conversation SET leaf=(SELECT max(id) FROM message WHERE "
        "message.conversation=conversation.id) "
        "WHERE leaf IS NULL OR leaf NOT IN (SELECT id FROM message);"
        "INSERT INTO conversation(id, title, created, updated) SELECT conversation, 'Recovered documents', "
        "min(created), max(created) "
        "FROM document WHERE conversation NOT IN (SELECT id FROM conversation) GROUP BY conversation;"
        "DELETE FROM attachment WHERE document NOT IN (SELECT id FROM document) OR (message IS NOT NULL AND "
        "message NOT IN (SELECT id FROM message));"
        "DELETE FROM representation WHERE conversation NOT IN (SELECT id FROM conversation) OR (document IS "
        "NOT NULL AND document NOT IN (SELECT id FROM document)) OR (first_message IS NOT NULL AND "
        "(first_message NOT IN (SELECT id FROM message) OR last_message NOT IN (SELECT id FROM message)));"
        // a document whose message is lost goes back to the draft, where it is seen
        "INSERT INTO attachment(document, message, place, choice) SELECT id, NULL, id, 0 FROM document WHERE "
        "id NOT IN (SELECT document FROM attachment);");
}

/// Text of replies in progress lies in reply_part; what is readable is put behind the message's own text.
void rescue_parts(SQLite::Database& from, SQLite::Database& to) {
    try {
        SQLite::Statement parts(from, "SELECT message, text FROM reply_part ORDER BY message, sequence");
        while (parts.executeStep()) {
            SQLite::Statement append(to, "UPDATE message SET text=text||? WHERE id=?");
            append.bind(1, parts.getColumn(1).getString());
            append.bind(2, parts.getColumn(0).getInt64());
            append.exec();
        }
    } catch (const SQLite::Exception&) {
        // the parts read so far are kept
    }
}

/// The same for a reply that grew in points.
void rescue_points(SQLite::Database& from, SQLite::Database& to) {
    try {
        SQLite::Statement points(
            from, "SELECT message, heading, text FROM message_point WHERE text<>'' ORDER BY message, point");
        while (points.executeStep()) {
            SQLite::Statement append(
                to,
                "UPDATE message SET text=CASE text WHEN '' THEN '' ELSE text||char(10,10) END||?||? "
                "WHERE id=?");
            append.bind(1, points.getColumn(1).getString());
            append.bind(2, points.getColumn(2).getString());
            append.bind(3, points.getColumn(0).getInt64());
            append.exec();
        }
    } catch (const SQLite::Exception&) {
        // a version before points, or as many as could be read
    }
}

/// A folder beside the file that is removed when this goes out of scope.
class WorkingCopy {
  public:
    explicit WorkingCopy(const fs::path& original) : folder_(original.string() + ".salvage") {
        clear();  // what a killed run left
        fs::create_directory(folder_);
        for (const char* companion : kCompanions) {
            const fs::path part = original.string() + companion;
            if (fs::exists(part) && std::string(companion) != "-shm") {
                fs::copy_file(part, file().string() + companion);
            }
        }
    }
    ~WorkingCopy() { clear(); }
    WorkingCopy(const WorkingCopy&) = delete;
    WorkingCopy& operator=(const WorkingCopy&) = delete;
    fs::path file() const { return folder_ / "copy.db"; }

  private:
    void clear() {
        std::error_code ignored;
        for (const char* companion : kCompanions) {
            fs::remove(file().string() + companion, ignored);
        }
        fs::remove(folder_, ignored);
    }

    fs::path folder_;
};

}  // namespace

Result<fs::path> move_aside(const fs::path& file) {
    const std::string stem =
        fmt::format("{}.damaged-{:%Y%m%d-%H%M%S}", file.string(), std::chrono::system_clock::now());
    std::string target = stem;
    for (int attempt = 2; fs::exists(target); ++attempt) {
        target = fmt::format("{}-{}", stem, attempt);
    }
    for (const char* companion : kCompanions) {
        std::error_code failure;
        if (fs::exists(file.string() + companion)) {
            fs::rename(file.string() + companion, target + companion, failure);
        }
        if (failure) {
            return fail(ErrorCode::io, "The damaged file of conversations could not be moved aside.",
                        failure.message());
        }
    }
    return fs::path(target);
}

Result<SalvageCount> salvage(const fs::path& damaged, SQLite::Database& fresh) {
    return guarded("reading the damaged conversations", [&]() -> Result<SalvageCount> {
        const WorkingCopy copy(damaged);
        const auto from = open_connection(copy.file(), Access::read_write);
        SalvageCount count;
        SQLite::Transaction transaction(fresh);
        fresh.exec("PRAGMA defer_foreign_keys=ON");
        const std::string first = kConversationColumns;
        const std::string second = first + kConversationColumnsSince2;
        const std::string columns =
            known_columns(*from, "conversation", {second + kConversationColumnsSince3, second, first});
        count.conversations = RowRescue(*from, fresh, "conversation", columns).run();
        if (columns == first) {
            fresh.exec(kTitlesBefore2);
        }
        const std::string of_3 = std::string(kMessageColumns) + kMessageColumnsSince3;
        const std::string of_message =
            known_columns(*from, "message", {of_3 + kMessageColumnsSince4, of_3, kMessageColumns});
        count.messages = RowRescue(*from, fresh, "message", of_message).run();
        if (of_message.size() > of_3.size()) {
            RowRescue(*from, fresh, "document", kDocumentColumns).run();
            RowRescue(*from, fresh, "attachment", kAttachmentColumns).run();
            RowRescue(*from, fresh, "representation", kRepresentationColumns).run();
        }
        rescue_parts(*from, fresh);
        rescue_points(*from, fresh);
        repair_references(fresh);
        transaction.commit();
        return count;
    });
}

}  // namespace tendril::storage
