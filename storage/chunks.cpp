// SPDX-License-Identifier: Apache-2.0
// The store's chunks of documents: search by their words, and their embeddings. See sqlite_store.h.
#include <cstring>

#include <fmt/format.h>

#include "storage/sqlite_store.h"

namespace tendril::storage {

namespace {

/// Any of the phrases; quoting keeps FTS5's operators from being read in what a person typed.
std::string any_of(const std::vector<std::string>& phrases) {
    std::string query;
    for (const std::string& phrase : phrases) {
        query += query.empty() ? "\"" : " OR \"";
        for (const char c : phrase) {
            if (c != '\0') {
                query += c == '"' ? "\"\"" : std::string(1, c);
            }
        }
        query += '"';
    }
    return query;
}

std::string id_list(const std::vector<DocumentId>& ids) {
    return fmt::format("{}", fmt::join(ids, ","));
}

}  // namespace

Result<std::vector<DocumentChunk>> SqliteStore::chunks(DocumentId id) {
    return guarded("reading the document", [&]() -> Result<std::vector<DocumentChunk>> {
        std::vector<DocumentChunk> all;
        if (!has_documents_) {
            return all;
        }
        auto& rows = prepared(
            "SELECT chunk, first_byte, end_byte FROM document_chunk WHERE document=? ORDER BY chunk");
        rows.bind(1, id);
        while (rows.executeStep()) {
            all.push_back({static_cast<std::uint32_t>(rows.getColumn(0).getInt64()),
                           rows.getColumn(1).getInt64(), rows.getColumn(2).getInt64()});
        }
        rows.reset();
        return all;
    });
}

void SqliteStore::insert_chunks(DocumentId id, std::uint32_t first, const std::vector<NewChunk>& chunks) {
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        auto& insert =
            prepared("INSERT INTO document_chunk(document, chunk, first_byte, end_byte) VALUES (?,?,?,?)");
        insert.bind(1, id);
        insert.bind(2, static_cast<std::int64_t>(first + i));
        insert.bind(3, chunks[i].first_byte);
        insert.bind(4, chunks[i].end_byte);
        insert.exec();
        const std::int64_t row = database_->getLastInsertRowid();
        auto& words = prepared("INSERT INTO chunk_search(rowid, words) VALUES (?,?)");
        words.bind(1, row);
        words.bind(2, chunks[i].words);
        words.exec();
    }
}

Status SqliteStore::set_chunks(DocumentId id, const std::vector<NewChunk>& chunks) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("indexing the document", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        auto& clear = prepared("DELETE FROM document_chunk WHERE document=?");
        clear.bind(1, id);
        clear.exec();
        insert_chunks(id, 0, chunks);
        transaction.commit();
        return {};
    });
}

Status SqliteStore::add_chunks(DocumentId id, std::uint32_t first, const std::vector<NewChunk>& chunks) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("indexing the document", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        insert_chunks(id, first, chunks);
        transaction.commit();
        return {};
    });
}

Result<ChunkMatches> SqliteStore::search_chunks(const std::vector<DocumentId>& documents,
                                                const std::vector<std::string>& phrases) {
    return guarded("searching the documents", [&]() -> Result<ChunkMatches> {
        ChunkMatches found;
        if (!has_documents_ || documents.empty() || phrases.empty()) {
            return found;
        }
        const std::string ids = id_list(documents);
        SQLite::Statement all(*database_,
                              fmt::format("SELECT count(*), ifnull(sum(end_byte-first_byte), 0) FROM "
                                          "document_chunk WHERE document IN ({})",
                                          ids));
        all.executeStep();
        found.chunks = static_cast<std::size_t>(all.getColumn(0).getInt64());
        found.bytes = all.getColumn(1).getInt64();
        SQLite::Statement rows(
            *database_,
            fmt::format("SELECT c.document, c.chunk, c.end_byte-c.first_byte, phrase_counts(chunk_search) "
                        "FROM chunk_search JOIN document_chunk c ON c.id=chunk_search.rowid "
                        "WHERE chunk_search MATCH ? AND c.document IN ({}) ORDER BY c.document, c.chunk",
                        ids));
        rows.bind(1, any_of(phrases));
        while (rows.executeStep()) {
            const SQLite::Column blob = rows.getColumn(3);
            std::vector<std::uint32_t> counts(static_cast<std::size_t>(blob.getBytes()) /
                                              sizeof(std::uint32_t));
            if (!counts.empty()) {
                std::memcpy(counts.data(), blob.getBlob(), counts.size() * sizeof(std::uint32_t));
            }
            found.matches.push_back({rows.getColumn(0).getInt64(),
                                     static_cast<std::uint32_t>(rows.getColumn(1).getInt64()),
                                     rows.getColumn(2).getInt64(), std::move(counts)});
        }
        return found;
    });
}

Result<std::vector<std::uint32_t>> SqliteStore::chunks_with_vector(DocumentId id, std::string_view model) {
    return guarded("reading the document", [&]() -> Result<std::vector<std::uint32_t>> {
        std::vector<std::uint32_t> all;
        if (!has_documents_) {
            return all;
        }
        auto& rows = prepared(
            "SELECT c.chunk FROM document_chunk c JOIN chunk_embedding e ON e.chunk=c.id WHERE c.document=? "
            "AND e.model=? ORDER BY c.chunk");
        rows.bind(1, id);
        rows.bind(2, std::string(model));
        while (rows.executeStep()) {
            all.push_back(static_cast<std::uint32_t>(rows.getColumn(0).getInt64()));
        }
        rows.reset();
        return all;
    });
}

Result<std::vector<ChunkVector>> SqliteStore::chunk_vectors(DocumentId id, std::string_view model) {
    return guarded("reading the document", [&]() -> Result<std::vector<ChunkVector>> {
        std::vector<ChunkVector> all;
        if (!has_documents_) {
            return all;
        }
        auto& rows = prepared(
            "SELECT c.chunk, e.vector FROM document_chunk c JOIN chunk_embedding e ON e.chunk=c.id WHERE "
            "c.document=? AND e.model=? ORDER BY c.chunk");
        rows.bind(1, id);
        rows.bind(2, std::string(model));
        while (rows.executeStep()) {
            const SQLite::Column blob = rows.getColumn(1);
            std::vector<float> vector(static_cast<std::size_t>(blob.getBytes()) / sizeof(float));
            if (!vector.empty()) {
                std::memcpy(vector.data(), blob.getBlob(), vector.size() * sizeof(float));
            }
            all.push_back({static_cast<std::uint32_t>(rows.getColumn(0).getInt64()), std::move(vector)});
        }
        rows.reset();
        return all;
    });
}

Status SqliteStore::set_chunk_vectors(DocumentId id, std::string_view model,
                                      const std::vector<ChunkVector>& vectors) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("indexing the document", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        for (const ChunkVector& v : vectors) {
            auto& insert = prepared(
                "INSERT OR REPLACE INTO chunk_embedding(chunk, model, vector) SELECT id, ?, ? FROM "
                "document_chunk WHERE document=? AND chunk=?");
            insert.bind(1, std::string(model));
            insert.bind(2, v.vector.data(), static_cast<int>(v.vector.size() * sizeof(float)));
            insert.bind(3, id);
            insert.bind(4, static_cast<std::int64_t>(v.chunk));
            insert.exec();
        }
        transaction.commit();
        return {};
    });
}

}  // namespace tendril::storage
