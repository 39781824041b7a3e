// SPDX-License-Identifier: Apache-2.0
// The store's conversations, settings and upkeep. See sqlite_store.h.
#include <algorithm>

#include <fmt/format.h>
#include <sqlite3.h>

#include "storage/phrase_counts.h"
#include "storage/sqlite_store.h"

namespace tendril::storage {

namespace {

/// Of a conversation. What a database of an earlier version, that may only be read, does not know is what a
/// migration would make of it.
std::string columns(std::int64_t version) {
    std::string all = "id, title, created, updated, deleted, leaf, draft, system_prompt, model_path";
    all += version < 2 ? ", 0, 2 * (title <> '')" : ", private, titled_by";
    all += version < 3 ? ", 0" : ", answer_mode";
    return all;
}

Conversation read_conversation(SQLite::Statement& row) {
    Conversation c;
    c.id = row.getColumn(0).getInt64();
    c.title = row.getColumn(1).getString();
    c.created = row.getColumn(2).getInt64();
    c.updated = row.getColumn(3).getInt64();
    if (!row.getColumn(4).isNull()) {
        c.deleted = row.getColumn(4).getInt64();
    }
    if (!row.getColumn(5).isNull()) {
        c.leaf = row.getColumn(5).getInt64();
    }
    c.draft = row.getColumn(6).getString();
    c.system_prompt = row.getColumn(7).getString();
    c.model_path = row.getColumn(8).getString();
    c.is_private = row.getColumn(9).getInt() != 0;
    c.titled_by = static_cast<TitledBy>(std::clamp(row.getColumn(10).getInt(), 0, 2));
    c.answer_mode = static_cast<AnswerMode>(std::clamp(row.getColumn(11).getInt(), 0, 2));
    return c;
}

Status found(int changed_rows) {
    if (changed_rows == 0) {
        return fail(ErrorCode::not_found, "There is no such conversation.");
    }
    return {};
}

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<SQLite::Database> database, bool read_only, std::int64_t version)
    : database_(std::move(database)),
      read_only_(read_only),
      has_documents_(version >= 4),
      columns_(columns(version)),
      select_(select_messages(version)) {
    add_phrase_counts(*database_);
    // The file is known to be sound now: closing may fold the WAL into it.
    sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, read_only ? 1 : 0, nullptr);
}

SqliteStore::~SqliteStore() {
    statements_.clear();
}

SQLite::Statement& SqliteStore::prepared(const char* sql) {
    auto& slot = statements_[sql];
    if (!slot) {
        slot = std::make_unique<SQLite::Statement>(*database_, sql);
    }
    slot->tryReset();
    slot->clearBindings();
    return *slot;
}

Status SqliteStore::writable() const {
    if (read_only_) {
        return fail(ErrorCode::read_only, "The conversations are open for reading only.");
    }
    return {};
}

Result<std::vector<Conversation>> SqliteStore::conversations(bool deleted) {
    return guarded("reading the conversations", [&]() -> Result<std::vector<Conversation>> {
        SQLite::Statement rows(
            *database_,
            fmt::format("SELECT {} FROM conversation WHERE deleted IS {} NULL ORDER BY updated DESC, id DESC",
                        columns_, deleted ? "NOT" : ""));
        std::vector<Conversation> all;
        while (rows.executeStep()) {
            all.push_back(read_conversation(rows));
        }
        return all;
    });
}

Result<Conversation> SqliteStore::conversation(ConversationId id) {
    return guarded("reading the conversation", [&]() -> Result<Conversation> {
        SQLite::Statement row(*database_, fmt::format("SELECT {} FROM conversation WHERE id=?", columns_));
        row.bind(1, id);
        if (!row.executeStep()) {
            return fail(ErrorCode::not_found, "There is no such conversation.",
                        fmt::format("conversation {}", id));
        }
        return read_conversation(row);
    });
}

Result<Conversation> SqliteStore::create_conversation(std::string_view title,
                                                      std::string_view system_prompt) {
    if (auto may = writable(); !may) {
        return fail(may.error());
    }
    return guarded("making a conversation", [&]() -> Result<Conversation> {
        Conversation c;
        c.title = title;
        c.system_prompt = system_prompt;
        c.created = c.updated = now_ms();
        auto& insert =
            prepared("INSERT INTO conversation(title, system_prompt, created, updated) VALUES (?,?,?,?)");
        insert.bind(1, c.title);
        insert.bind(2, c.system_prompt);
        insert.bind(3, c.created);
        insert.bind(4, c.updated);
        insert.exec();
        c.id = database_->getLastInsertRowid();
        return c;
    });
}

Status SqliteStore::update_text(ConversationId id, const char* sql, std::string_view text,
                                const char* doing) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded(doing, [&]() -> Status {
        auto& update = prepared(sql);
        update.bind(1, std::string(text));
        update.bind(2, id);
        return found(update.exec());
    });
}

Status SqliteStore::rename(ConversationId id, std::string_view title, TitledBy by) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("renaming the conversation", [&]() -> Status {
        auto& update = prepared("UPDATE conversation SET title=?, titled_by=? WHERE id=?");
        update.bind(1, std::string(title));
        update.bind(2, static_cast<int>(by));
        update.bind(3, id);
        return found(update.exec());
    });
}

Status SqliteStore::set_private(ConversationId id, bool is_private) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("making the conversation private", [&]() -> Status {
        auto& update = prepared("UPDATE conversation SET private=? WHERE id=?");
        update.bind(1, is_private ? 1 : 0);
        update.bind(2, id);
        return found(update.exec());
    });
}

Status SqliteStore::set_answer_mode(ConversationId id, AnswerMode mode) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving how answers are made", [&]() -> Status {
        auto& update = prepared("UPDATE conversation SET answer_mode=? WHERE id=?");
        update.bind(1, static_cast<int>(mode));
        update.bind(2, id);
        return found(update.exec());
    });
}

Status SqliteStore::set_draft(ConversationId id, std::string_view draft) {
    return update_text(id, "UPDATE conversation SET draft=? WHERE id=?", draft, "saving the draft");
}

Status SqliteStore::set_system_prompt(ConversationId id, std::string_view text) {
    return update_text(id, "UPDATE conversation SET system_prompt=? WHERE id=?", text,
                       "saving the system prompt");
}

Status SqliteStore::set_model(ConversationId id, std::string_view path) {
    return update_text(id, "UPDATE conversation SET model_path=? WHERE id=?", path,
                       "saving the choice of model");
}

Status SqliteStore::set_deleted(ConversationId id, bool deleted) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("deleting the conversation", [&]() -> Status {
        auto& update = prepared("UPDATE conversation SET deleted=? WHERE id=?");
        if (deleted) {
            update.bind(1, now_ms());
        }
        update.bind(2, id);
        return found(update.exec());
    });
}

Result<std::vector<ConversationId>> SqliteStore::purge_deleted(TimeMs before) {
    if (auto may = writable(); !may) {
        return fail(may.error());
    }
    return guarded("emptying the trash", [&]() -> Result<std::vector<ConversationId>> {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        std::vector<ConversationId> gone;
        auto& find = prepared("SELECT id FROM conversation WHERE deleted < ?");
        find.bind(1, before);
        while (find.executeStep()) {
            gone.push_back(find.getColumn(0).getInt64());
        }
        find.reset();
        auto& purge = prepared("DELETE FROM conversation WHERE deleted < ?");
        purge.bind(1, before);
        purge.exec();
        transaction.commit();
        return gone;
    });
}

Result<std::string> SqliteStore::setting(std::string_view key) {
    return guarded("reading a setting", [&]() -> Result<std::string> {
        SQLite::Statement row(*database_, "SELECT value FROM setting WHERE key=?");
        row.bind(1, std::string(key));
        return row.executeStep() ? row.getColumn(0).getString() : std::string();
    });
}

Status SqliteStore::set_setting(std::string_view key, std::string_view value) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving a setting", [&]() -> Status {
        auto& upsert = prepared(
            "INSERT INTO setting(key, value) VALUES (?,?) ON CONFLICT(key) DO UPDATE SET "
            "value=excluded.value");
        upsert.bind(1, std::string(key));
        upsert.bind(2, std::string(value));
        upsert.exec();
        return {};
    });
}

Status SqliteStore::check() {
    return guarded("checking the conversations", [&]() -> Status {
        SQLite::Statement integrity(*database_, "PRAGMA integrity_check(1)");
        if (!integrity.executeStep() || integrity.getColumn(0).getString() != "ok") {
            return fail(ErrorCode::corrupt, "The file of conversations is damaged.", "integrity_check");
        }
        SQLite::Statement keys(*database_, "PRAGMA foreign_key_check");
        if (keys.executeStep()) {
            return fail(ErrorCode::corrupt, "The conversations refer to messages that are gone.",
                        keys.getColumn(0).getString());
        }
        if (!read_only_) {
            database_->exec(
                "INSERT INTO message_search(message_search, rank) VALUES ('integrity-check', 1);"
                "INSERT INTO title_search(title_search, rank) VALUES ('integrity-check', 1);"
                "INSERT INTO chunk_search(chunk_search) VALUES ('integrity-check');");
        }
        return {};
    });
}

Status SqliteStore::backup(const std::filesystem::path& file) {
    return guarded("copying the conversations", [&]() -> Status {
        SQLite::Statement vacuum(*database_, "VACUUM INTO ?");
        vacuum.bind(1, file.string());
        vacuum.exec();
        return {};
    });
}

}  // namespace tendril::storage
