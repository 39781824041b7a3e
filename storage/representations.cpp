// SPDX-License-Identifier: Apache-2.0
// What the model reads in place of documents and old turns. See sqlite_store.h.
#include <algorithm>

#include "storage/sqlite_store.h"

namespace tendril::storage {

namespace {

std::optional<std::int64_t> optional_id(const SQLite::Column& column) {
    return column.isNull() ? std::nullopt : std::optional<std::int64_t>(column.getInt64());
}

void bind_optional(SQLite::Statement& statement, int index, std::optional<std::int64_t> id) {
    if (id) {
        statement.bind(index, *id);
    }
}

}  // namespace

Result<std::vector<Representation>> SqliteStore::representations(ConversationId id) {
    return guarded("reading what the model has", [&]() -> Result<std::vector<Representation>> {
        std::vector<Representation> all;
        if (!has_documents_) {
            return all;
        }
        auto& rows = prepared(
            "SELECT id, conversation, document, first_message, last_message, form, method, rate, scorer, "
            "text, tokens_before, tokens_after, undone, created FROM representation WHERE conversation=? "
            "ORDER BY id");
        rows.bind(1, id);
        while (rows.executeStep()) {
            Representation r;
            r.id = rows.getColumn(0).getInt64();
            r.conversation = rows.getColumn(1).getInt64();
            r.document = optional_id(rows.getColumn(2));
            r.first_message = optional_id(rows.getColumn(3));
            r.last_message = optional_id(rows.getColumn(4));
            r.form = static_cast<RepresentationForm>(std::clamp(rows.getColumn(5).getInt(), 1, 4));
            r.method = rows.getColumn(6).getString();
            r.rate = rows.getColumn(7).getDouble();
            r.scorer = rows.getColumn(8).getString();
            r.text = rows.getColumn(9).getString();
            r.tokens_before = rows.getColumn(10).getInt64();
            r.tokens_after = rows.getColumn(11).getInt64();
            r.undone = rows.getColumn(12).getInt() != 0;
            r.created = rows.getColumn(13).getInt64();
            all.push_back(std::move(r));
        }
        rows.reset();
        return all;
    });
}

Result<RepresentationId> SqliteStore::add_representation(const Representation& r) {
    if (auto may = writable(); !may) {
        return fail(may.error());
    }
    return guarded("keeping what the model has", [&]() -> Result<RepresentationId> {
        auto& insert = prepared(
            "INSERT INTO representation(conversation, document, first_message, last_message, form, method, "
            "rate, scorer, text, tokens_before, tokens_after, undone, created) VALUES "
            "(?,?,?,?,?,?,?,?,?,?,?,?,?)");
        insert.bind(1, r.conversation);
        bind_optional(insert, 2, r.document);
        bind_optional(insert, 3, r.first_message);
        bind_optional(insert, 4, r.last_message);
        insert.bind(5, static_cast<int>(r.form));
        insert.bind(6, r.method);
        insert.bind(7, r.rate);
        insert.bind(8, r.scorer);
        insert.bind(9, r.text);
        insert.bind(10, r.tokens_before);
        insert.bind(11, r.tokens_after);
        insert.bind(12, r.undone ? 1 : 0);
        insert.bind(13, r.created != 0 ? r.created : now_ms());
        insert.exec();
        return database_->getLastInsertRowid();
    });
}

Status SqliteStore::set_undone(RepresentationId id, bool undone) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("bringing the full text back", [&]() -> Status {
        auto& update = prepared("UPDATE representation SET undone=? WHERE id=?");
        update.bind(1, undone ? 1 : 0);
        update.bind(2, id);
        if (update.exec() == 0) {
            return fail(ErrorCode::not_found, "The shortened text is gone.");
        }
        return {};
    });
}

}  // namespace tendril::storage
