// SPDX-License-Identifier: Apache-2.0
// The store's documents and the messages that they are attached to. See sqlite_store.h.
#include <algorithm>

#include <fmt/format.h>

#include "storage/sqlite_store.h"

namespace tendril::storage {

namespace {

Document read_document(SQLite::Statement& row) {
    Document d;
    d.id = row.getColumn(0).getInt64();
    d.conversation = row.getColumn(1).getInt64();
    d.name = row.getColumn(2).getString();
    d.kind = static_cast<DocumentKind>(std::clamp(row.getColumn(3).getInt(), 0, 3));
    d.file_bytes = row.getColumn(4).getInt64();
    d.text_hash = row.getColumn(5).getString();
    d.created = row.getColumn(6).getInt64();
    d.text_bytes = row.getColumn(7).getInt64();
    return d;
}

constexpr const char* kColumns =
    "id, conversation, name, kind, file_bytes, text_hash, created, length(CAST(text AS BLOB))";

Status found(int changed_rows) {
    if (changed_rows == 0) {
        return fail(ErrorCode::not_found, "There is no such document.");
    }
    return {};
}

}  // namespace

Result<std::vector<Document>> SqliteStore::documents(ConversationId id) {
    return guarded("reading the documents", [&]() -> Result<std::vector<Document>> {
        std::vector<Document> all;
        if (!has_documents_) {
            return all;
        }
        SQLite::Statement rows(
            *database_, fmt::format("SELECT {} FROM document WHERE conversation=? ORDER BY id", kColumns));
        rows.bind(1, id);
        while (rows.executeStep()) {
            all.push_back(read_document(rows));
        }
        return all;
    });
}

Result<Document> SqliteStore::document(DocumentId id) {
    return guarded("reading the document", [&]() -> Result<Document> {
        if (!has_documents_) {
            return fail(ErrorCode::not_found, "There is no such document.");
        }
        SQLite::Statement row(*database_, fmt::format("SELECT {}, text FROM document WHERE id=?", kColumns));
        row.bind(1, id);
        if (!row.executeStep()) {
            return fail(ErrorCode::not_found, "There is no such document.", fmt::format("document {}", id));
        }
        Document found_one = read_document(row);
        found_one.text = row.getColumn(8).getString();
        return found_one;
    });
}

void SqliteStore::insert_draft_attachment(DocumentId id, AttachmentChoice choice) {
    auto& attach = prepared(
        "INSERT INTO attachment(document, message, place, choice) SELECT ?1, NULL, (SELECT "
        "ifnull(max(a.place), -1) + 1 FROM attachment a JOIN document d ON d.id=a.document WHERE a.message "
        "IS NULL AND d.conversation=(SELECT conversation FROM document WHERE id=?1)), ?2");
    attach.bind(1, id);
    attach.bind(2, static_cast<int>(choice));
    attach.exec();
}

Result<DocumentId> SqliteStore::add_document(const Document& document, AttachmentChoice choice) {
    if (auto may = writable(); !may) {
        return fail(may.error());
    }
    return guarded("keeping the document", [&]() -> Result<DocumentId> {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        auto& insert = prepared(
            "INSERT INTO document(conversation, name, kind, file_bytes, text, text_hash, created) VALUES "
            "(?,?,?,?,?,?,?)");
        insert.bind(1, document.conversation);
        insert.bind(2, document.name);
        insert.bind(3, static_cast<int>(document.kind));
        insert.bind(4, document.file_bytes);
        insert.bind(5, document.text);
        insert.bind(6, document.text_hash.data(), static_cast<int>(document.text_hash.size()));
        insert.bind(7, document.created != 0 ? document.created : now_ms());
        insert.exec();
        const DocumentId id = database_->getLastInsertRowid();
        insert_draft_attachment(id, choice);
        transaction.commit();
        return id;
    });
}

Result<std::vector<Attachment>> SqliteStore::attachments(ConversationId id) {
    return guarded("reading the documents", [&]() -> Result<std::vector<Attachment>> {
        std::vector<Attachment> all;
        if (!has_documents_) {
            return all;
        }
        auto& rows = prepared(
            "SELECT a.document, a.message, a.choice FROM attachment a JOIN document d ON d.id=a.document "
            "WHERE d.conversation=? ORDER BY a.message, a.place, a.id");
        rows.bind(1, id);
        while (rows.executeStep()) {
            Attachment a;
            a.document = rows.getColumn(0).getInt64();
            if (!rows.getColumn(1).isNull()) {
                a.message = rows.getColumn(1).getInt64();
            }
            a.choice = static_cast<AttachmentChoice>(std::clamp(rows.getColumn(2).getInt(), 0, 2));
            all.push_back(a);
        }
        rows.reset();
        return all;
    });
}

Status SqliteStore::attach_to_draft(DocumentId id, AttachmentChoice choice) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("attaching the document", [&]() -> Status {
        auto& known = prepared("SELECT 1 FROM attachment WHERE document=? AND message IS NULL");
        known.bind(1, id);
        const bool attached = known.executeStep();
        known.reset();
        if (attached) {
            return set_choice(id, std::nullopt, choice);
        }
        insert_draft_attachment(id, choice);
        return {};
    });
}

Status SqliteStore::remove_from_draft(DocumentId id) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("removing the document", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        auto& remove = prepared("DELETE FROM attachment WHERE document=? AND message IS NULL");
        remove.bind(1, id);
        if (remove.exec() == 0) {
            return found(0);
        }
        auto& unused = prepared(
            "DELETE FROM document WHERE id=?1 AND NOT EXISTS (SELECT 1 FROM attachment WHERE document=?1)");
        unused.bind(1, id);
        unused.exec();
        transaction.commit();
        return {};
    });
}

Status SqliteStore::set_choice(DocumentId id, std::optional<MessageId> message, AttachmentChoice choice) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving how the document is read", [&]() -> Status {
        auto& update = prepared("UPDATE attachment SET choice=? WHERE document=? AND message IS ?");
        update.bind(1, static_cast<int>(choice));
        update.bind(2, id);
        if (message) {
            update.bind(3, *message);
        }
        return found(update.exec());
    });
}

void SqliteStore::move_attachments(MessageId message, const std::vector<Attachment>& attachments) {
    for (std::size_t place = 0; place < attachments.size(); ++place) {
        auto& leave = prepared("DELETE FROM attachment WHERE document=? AND message IS NULL");
        leave.bind(1, attachments[place].document);
        leave.exec();
        auto& attach = prepared("INSERT INTO attachment(document, message, place, choice) VALUES (?,?,?,?)");
        attach.bind(1, attachments[place].document);
        attach.bind(2, message);
        attach.bind(3, static_cast<std::int64_t>(place));
        attach.bind(4, static_cast<int>(attachments[place].choice));
        attach.exec();
    }
}

}  // namespace tendril::storage
