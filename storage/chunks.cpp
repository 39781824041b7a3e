// SPDX-License-Identifier: Apache-2.0
// The store's chunks of documents: BM25 search over their words, and their embeddings. See sqlite_store.h.
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

Status SqliteStore::set_chunks(DocumentId id, const std::vector<NewChunk>& chunks) {
    if (auto may = writable(); !may) {
        return may;
    }
    return guarded("indexing the document", [&]() -> Status {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        auto& clear = prepared("DELETE FROM document_chunk WHERE document=?");
        clear.bind(1, id);
        clear.exec();
        for (std::size_t i = 0; i < chunks.size(); ++i) {
            auto& insert = prepared(
                "INSERT INTO document_chunk(document, chunk, first_byte, end_byte) VALUES (?,?,?,?)");
            insert.bind(1, id);
            insert.bind(2, static_cast<std::int64_t>(i));
            insert.bind(3, chunks[i].first_byte);
            insert.bind(4, chunks[i].end_byte);
            insert.exec();
            const std::int64_t row = database_->getLastInsertRowid();
            auto& words = prepared("INSERT INTO chunk_search(rowid, words) VALUES (?,?)");
            words.bind(1, row);
            words.bind(2, chunks[i].words);
            words.exec();
        }
        transaction.commit();
        return {};
    });
}

Result<std::vector<ChunkHit>> SqliteStore::search_chunks(const std::vector<DocumentId>& documents,
                                                         const std::vector<std::string>& phrases,
                                                         std::size_t limit) {
    return guarded("searching the documents", [&]() -> Result<std::vector<ChunkHit>> {
        std::vector<ChunkHit> hits;
        if (!has_documents_ || documents.empty() || phrases.empty()) {
            return hits;
        }
        SQLite::Statement rows(
            *database_,
            fmt::format("SELECT c.document, c.chunk, bm25(chunk_search) AS score FROM chunk_search JOIN "
                        "document_chunk c ON c.id=chunk_search.rowid WHERE chunk_search MATCH ? AND "
                        "c.document IN ({}) ORDER BY score, c.document, c.chunk LIMIT ?",
                        id_list(documents)));
        rows.bind(1, any_of(phrases));
        rows.bind(2, static_cast<std::int64_t>(limit));
        while (rows.executeStep()) {
            hits.push_back({rows.getColumn(0).getInt64(),
                            static_cast<std::uint32_t>(rows.getColumn(1).getInt64()),
                            -rows.getColumn(2).getDouble()});
        }
        return hits;
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
