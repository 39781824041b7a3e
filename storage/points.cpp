// SPDX-License-Identifier: Apache-2.0
// The journal of a reply that grows in several points at once. See sqlite_store.h.
#include <fmt/format.h>

#include "storage/sqlite_store.h"

namespace tendril::storage {

std::string text_of_points(std::string_view message) {
    return fmt::format(
        "ifnull((SELECT group_concat(part, char(10, 10)) FROM (SELECT heading || rtrim(text, char(32, 9, 10, "
        "13)) AS part FROM message_point WHERE message={} AND trim(text, char(32, 9, 10, 13)) <> '' ORDER BY "
        "point)), '')",
        message);
}

Status SqliteStore::begin_points(MessageId id, const std::vector<std::string>& headings,
                                 std::string_view expansion) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving the outline", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        auto& keep = prepared("UPDATE message SET expansion=? WHERE id=? AND status=1");
        keep.bind(1, std::string(expansion));
        keep.bind(2, id);
        if (keep.exec() == 0) {
            return fail(ErrorCode::not_found, "There is no such answer in progress.");
        }
        auto& clear = prepared("DELETE FROM message_point WHERE message=?");
        clear.bind(1, id);
        clear.exec();
        for (std::size_t i = 0; i < headings.size(); ++i) {
            auto& insert = prepared("INSERT INTO message_point(message, point, heading) VALUES (?,?,?)");
            insert.bind(1, id);
            insert.bind(2, static_cast<std::int64_t>(i));
            insert.bind(3, headings[i]);
            insert.exec();
        }
        transaction.commit();
        return {};
    });
}

Status SqliteStore::append_points(MessageId id, const std::vector<PointPiece>& pieces) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving the answer", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        for (const PointPiece& piece : pieces) {
            auto& append = prepared("UPDATE message_point SET text=text || ? WHERE message=? AND point=?");
            append.bind(1, piece.text);
            append.bind(2, id);
            append.bind(3, static_cast<std::int64_t>(piece.point));
            if (append.exec() == 0) {
                return fail(ErrorCode::not_found, "There is no such answer in progress.");
            }
        }
        transaction.commit();
        return {};
    });
}

Status SqliteStore::finish_expanded_reply(const Message& m) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving the answer", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        if (Status closed = close_reply(m); !closed) {
            return closed;
        }
        auto& whole = prepared("UPDATE message SET text=? WHERE id=?");
        whole.bind(1, m.text);
        whole.bind(2, m.id);
        whole.exec();
        drop_parts(m.id);
        transaction.commit();
        return {};
    });
}

}  // namespace tendril::storage
