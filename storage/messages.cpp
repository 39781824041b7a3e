// SPDX-License-Identifier: Apache-2.0
// The store's messages and the journal of the reply in progress. See sqlite_store.h.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "storage/sqlite_store.h"

namespace tendril::storage {

namespace {

std::string ids_to_json(const std::vector<std::int64_t>& ids) {
    return nlohmann::json(ids).dump();
}

std::vector<std::int64_t> ids_from_json(const std::string& text) {
    std::vector<std::int64_t> ids;
    const auto list = nlohmann::json::parse(text, nullptr, false);
    for (const auto& id : list.is_array() ? list : nlohmann::json::array()) {
        if (id.is_number_integer()) {
            ids.push_back(id.get<std::int64_t>());
        }
    }
    return ids;
}

template <typename Enum>
Enum bounded_enum(std::int64_t value, Enum last) {
    return value >= 0 && value <= static_cast<std::int64_t>(last) ? static_cast<Enum>(value) : last;
}

Message read_message(SQLite::Statement& row) {
    Message m;
    int column = 0;
    const auto next = [&] { return row.getColumn(column++); };
    m.id = next().getInt64();
    m.conversation = next().getInt64();
    if (const auto parent = next(); !parent.isNull()) {
        m.parent = parent.getInt64();
    }
    m.role = bounded_enum(next().getInt64(), Role::assistant);
    m.status = bounded_enum(next().getInt64(), MessageStatus::failed);
    m.text = next().getString();
    m.error = next().getString();
    m.model_name = next().getString();
    m.model_sha256 = next().getString();
    m.sampler = next().getString();
    m.seed = static_cast<std::uint64_t>(next().getInt64());
    m.counters.prompt_tokens = next().getInt64();
    m.counters.cached_tokens = next().getInt64();
    m.counters.answer_tokens = next().getInt64();
    m.counters.first_token_ms = next().getDouble();
    m.counters.decode_ms = next().getDouble();
    m.created = next().getInt64();
    if (const auto finished = next(); !finished.isNull()) {
        m.finished = finished.getInt64();
    }
    m.left_out = ids_from_json(next().getString());
    m.expansion = next().getString();
    m.memory = bounded_enum(next().getInt64(), MessageMemory::excluded);
    m.context = next().getString();
    return m;
}

/// Binds the fields that only the end of a reply knows, from `index` on. Gives the next index.
int bind_outcome(SQLite::Statement& statement, int index, const Message& m) {
    statement.bind(index++, m.error);
    statement.bind(index++, m.model_name);
    statement.bind(index++, m.model_sha256);
    statement.bind(index++, m.sampler);
    statement.bind(index++, static_cast<std::int64_t>(m.seed));
    statement.bind(index++, m.counters.prompt_tokens);
    statement.bind(index++, m.counters.cached_tokens);
    statement.bind(index++, m.counters.answer_tokens);
    statement.bind(index++, m.counters.first_token_ms);
    statement.bind(index++, m.counters.decode_ms);
    statement.bind(index++, ids_to_json(m.left_out));
    statement.bind(index++, m.expansion);
    statement.bind(index++, m.context);
    return index;
}

}  // namespace

std::string select_messages(std::int64_t version) {
    const std::string points = version < 3 ? std::string("''") : text_of_points("message.id");
    return fmt::format(
        "SELECT id, conversation, parent, role, status, text || CASE status WHEN 1 THEN ifnull((SELECT "
        "group_concat(part, '') FROM (SELECT text AS part FROM reply_part WHERE message=message.id ORDER BY "
        "sequence)), '') || {} ELSE '' END, error, model_name, model_sha256, sampler, seed, prompt_tokens, "
        "cached_tokens, answer_tokens, first_token_ms, decode_ms, created, finished, left_out, {}, {} "
        "FROM message WHERE conversation=? ORDER BY id",
        points, version < 3 ? "''" : "expansion", version < 4 ? "0, ''" : "memory, context");
}

Result<std::vector<Message>> SqliteStore::messages(ConversationId id) {
    return guarded("reading the messages", [&]() -> Result<std::vector<Message>> {
        SQLite::Statement rows(*database_, select_);
        rows.bind(1, id);
        std::vector<Message> all;
        while (rows.executeStep()) {
            all.push_back(read_message(rows));
        }
        return all;
    });
}

Result<std::vector<Message>> SqliteStore::branch(ConversationId id) {
    const auto owner = conversation(id);
    if (!owner) {
        return fail(owner.error());
    }
    auto all = messages(id);
    if (!all || !owner->leaf) {
        return all ? Result<std::vector<Message>>(std::vector<Message>()) : all;
    }
    std::unordered_map<MessageId, Message*> by_id;
    for (Message& m : *all) {
        by_id[m.id] = &m;
    }
    std::vector<Message> path;
    std::optional<MessageId> next = owner->leaf;
    while (next && path.size() <=
                       all->size()) {  // a cycle cannot be made through this class, but a file may hold one
        const auto it = by_id.find(*next);
        if (it == by_id.end()) {
            break;
        }
        next = it->second->parent;
        path.push_back(std::move(*it->second));
        by_id.erase(it);
    }
    std::reverse(path.begin(), path.end());
    return path;
}

Result<MessageId> SqliteStore::insert(const Message& m, MessageStatus status,
                                      const std::vector<Attachment>& attachments, const char* doing) {
    if (auto may = writable(); !may) {
        return fail(may.error());
    }
    return guarded(doing, [&]() -> Result<MessageId> {
        if (m.parent) {
            auto& parent = prepared("SELECT 1 FROM message WHERE id=? AND conversation=?");
            parent.bind(1, *m.parent);
            parent.bind(2, m.conversation);
            if (!parent.executeStep()) {
                return fail(ErrorCode::not_found, "The message before this one is gone.");
            }
            parent.reset();
        }
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        auto& insert = prepared(
            "INSERT INTO message(conversation, parent, role, status, text, error, model_name, model_sha256, "
            "sampler, seed, "
            "prompt_tokens, cached_tokens, answer_tokens, first_token_ms, decode_ms, left_out, expansion, "
            "context, created, finished, memory) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
        const TimeMs now = m.created != 0 ? m.created : now_ms();
        insert.bind(1, m.conversation);
        if (m.parent) {
            insert.bind(2, *m.parent);
        }
        insert.bind(3, static_cast<std::int64_t>(m.role));
        insert.bind(4, static_cast<std::int64_t>(status));
        insert.bind(5, m.text);
        const int index = bind_outcome(insert, 6, m);
        insert.bind(index, now);
        if (status != MessageStatus::streaming) {
            insert.bind(index + 1, m.finished.value_or(now));
        }
        insert.bind(index + 2, static_cast<int>(m.memory));
        insert.exec();
        const MessageId id = database_->getLastInsertRowid();
        auto& leaf = prepared("UPDATE conversation SET leaf=?, updated=? WHERE id=?");
        leaf.bind(1, id);
        leaf.bind(2, now);
        leaf.bind(3, m.conversation);
        leaf.exec();
        move_attachments(id, attachments);
        transaction.commit();
        return id;
    });
}

Result<MessageId> SqliteStore::add_message(const Message& message,
                                           const std::vector<Attachment>& attachments) {
    if (message.status == MessageStatus::streaming) {
        return fail(ErrorCode::invalid_argument, "A message in progress is begun, not added.");
    }
    return insert(message, message.status, attachments, "saving the message");
}

Result<MessageId> SqliteStore::begin_reply(const Message& message) {
    return insert(message, MessageStatus::streaming, {}, "beginning the answer");
}

Status SqliteStore::resume_reply(MessageId id) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("going on with the answer", [&]() -> Status {
        auto& update =
            prepared("UPDATE message SET status=1, finished=NULL WHERE id=? AND role=2 AND status<>1");
        update.bind(1, id);
        if (update.exec() == 0) {
            return fail(ErrorCode::not_found, "There is no such answer to go on with.");
        }
        return {};
    });
}

Status SqliteStore::append_reply(MessageId id, std::string_view text) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving the answer", [&]() -> Status {
        auto& append = prepared(
            "INSERT INTO reply_part(message, sequence, text) SELECT id, ifnull((SELECT max(sequence) FROM "
            "reply_part WHERE message=?1), 0) + 1, ?2 "
            "FROM message WHERE id=?1 AND status=1");
        append.bind(1, id);
        append.bind(2, std::string(text));
        if (append.exec() == 0) {
            return fail(ErrorCode::not_found, "There is no such answer in progress.");
        }
        return {};
    });
}

void SqliteStore::drop_parts(MessageId id) {
    for (const char* sql :
         {"DELETE FROM reply_part WHERE message=?", "DELETE FROM message_point WHERE message=?"}) {
        auto& clear = prepared(sql);
        clear.bind(1, id);
        clear.exec();
    }
}

void SqliteStore::fold_parts(MessageId id) {
    static const std::string kFold = fmt::format(
        "UPDATE message SET text=text || ifnull((SELECT group_concat(part, '') FROM (SELECT text AS part "
        "FROM reply_part WHERE message=?1 ORDER BY sequence)), '') || {} WHERE id=?1",
        text_of_points("?1"));
    auto& fold = prepared(kFold.c_str());
    fold.bind(1, id);
    fold.exec();
    drop_parts(id);
}

Status SqliteStore::close_reply(const Message& m) {
    auto& update = prepared(
        "UPDATE message SET error=?, model_name=?, model_sha256=?, sampler=?, seed=?, prompt_tokens=?, "
        "cached_tokens=?, answer_tokens=?, first_token_ms=?, decode_ms=?, left_out=?, expansion=?, "
        "context=?, "
        "status=?, finished=? WHERE id=? AND status=1");
    const int index = bind_outcome(update, 1, m);
    const auto status = m.status == MessageStatus::streaming ? MessageStatus::complete : m.status;
    update.bind(index, static_cast<std::int64_t>(status));
    update.bind(index + 1, m.finished.value_or(now_ms()));
    update.bind(index + 2, m.id);
    if (update.exec() == 0) {
        return fail(ErrorCode::not_found, "There is no such answer in progress.");
    }
    auto& touch =
        prepared("UPDATE conversation SET updated=? WHERE id=(SELECT conversation FROM message WHERE id=?)");
    touch.bind(1, now_ms());
    touch.bind(2, m.id);
    touch.exec();
    return {};
}

Status SqliteStore::finish_reply(const Message& m) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("saving the answer", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        if (Status closed = close_reply(m); !closed) {
            return closed;
        }
        fold_parts(m.id);
        transaction.commit();
        return {};
    });
}

Result<std::size_t> SqliteStore::close_interrupted() {
    return guarded("closing cut answers", [&]() -> Result<std::size_t> {
        std::vector<MessageId> cut;
        SQLite::Statement streaming(*database_, "SELECT id FROM message WHERE status=1");
        while (streaming.executeStep()) {
            cut.push_back(streaming.getColumn(0).getInt64());
        }
        if (cut.empty()) {
            return 0U;
        }
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        for (const MessageId id : cut) {
            fold_parts(id);
        }
        database_->exec("UPDATE message SET status=2 WHERE status=1");
        transaction.commit();
        return cut.size();
    });
}

Status SqliteStore::set_memory(MessageId id, MessageMemory memory) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("marking the message", [&]() -> Status {
        auto& update = prepared("UPDATE message SET memory=? WHERE id=?");
        update.bind(1, static_cast<int>(memory));
        update.bind(2, id);
        if (update.exec() == 0) {
            return fail(ErrorCode::not_found, "There is no such message.");
        }
        return {};
    });
}

Status SqliteStore::set_context(MessageId id, std::string_view json) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("noting what the model reads", [&]() -> Status {
        auto& update = prepared("UPDATE message SET context=? WHERE id=?");
        update.bind(1, std::string(json));
        update.bind(2, id);
        if (update.exec() == 0) {
            return fail(ErrorCode::not_found, "There is no such message.");
        }
        return {};
    });
}

Status SqliteStore::set_leaf(ConversationId id, std::optional<MessageId> leaf) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("changing the version", [&]() -> Status {
        auto& update = prepared(
            "UPDATE conversation SET leaf=?1 WHERE id=?2 AND (?1 IS NULL OR EXISTS (SELECT 1 FROM message "
            "WHERE id=?1 AND conversation=?2))");
        if (leaf) {
            update.bind(1, *leaf);
        }
        update.bind(2, id);
        if (update.exec() == 0) {
            return fail(ErrorCode::not_found, "There is no such message in this conversation.");
        }
        return {};
    });
}

}  // namespace tendril::storage
