-- SPDX-License-Identifier: Apache-2.0
-- Version 4: documents with their chunks, and what the model reads in place of documents and old turns.

ALTER TABLE message ADD COLUMN memory INTEGER NOT NULL DEFAULT 0 CHECK (memory BETWEEN 0 AND 2);    -- normal, pinned, excluded
ALTER TABLE message ADD COLUMN context TEXT NOT NULL DEFAULT '';    -- JSON: what the model read: chunks, forms, sources, window

CREATE TABLE document (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    kind         INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),    -- text, Markdown, source, PDF
    file_bytes   INTEGER NOT NULL,
    text         TEXT NOT NULL,
    text_hash    BLOB NOT NULL,
    created      INTEGER NOT NULL
);
CREATE INDEX document_by_conversation ON document(conversation, id);

-- Which message reads which document. The draft's have no message; versions of a message attach the same documents.
CREATE TABLE attachment (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES document(id) ON DELETE CASCADE,
    message  INTEGER REFERENCES message(id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    choice   INTEGER NOT NULL CHECK (choice BETWEEN 0 AND 2)       -- whole, compressed, searched
);
CREATE UNIQUE INDEX attachment_once ON attachment(document, ifnull(message, 0));
CREATE INDEX attachment_by_message ON attachment(message, place);

-- Another form of a document, or of a run of messages. The text itself stays where it is.
CREATE TABLE representation (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation  INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    document      INTEGER REFERENCES document(id) ON DELETE CASCADE,
    first_message INTEGER REFERENCES message(id) ON DELETE CASCADE,
    last_message  INTEGER REFERENCES message(id) ON DELETE CASCADE,
    form          INTEGER NOT NULL CHECK (form BETWEEN 1 AND 4),   -- compressed, summary, pruned, left out
    method        TEXT NOT NULL DEFAULT '',
    rate          REAL NOT NULL DEFAULT 1,
    scorer        TEXT NOT NULL DEFAULT '',
    text          TEXT NOT NULL DEFAULT '',
    tokens_before INTEGER NOT NULL DEFAULT 0,
    tokens_after  INTEGER NOT NULL DEFAULT 0,
    undone        INTEGER NOT NULL DEFAULT 0 CHECK (undone BETWEEN 0 AND 1),
    created       INTEGER NOT NULL,
    CHECK ((document IS NULL) <> (first_message IS NULL) AND (first_message IS NULL) = (last_message IS NULL))
);
CREATE INDEX representation_by_conversation ON representation(conversation, id);
CREATE INDEX representation_by_document ON representation(document);
CREATE INDEX representation_by_first ON representation(first_message);
CREATE INDEX representation_by_last ON representation(last_message);

-- Stretches of a document's text. Made from it at any time, so that they are neither exported nor salvaged.
CREATE TABLE document_chunk (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    document   INTEGER NOT NULL REFERENCES document(id) ON DELETE CASCADE,
    chunk      INTEGER NOT NULL,               -- from 0
    first_byte INTEGER NOT NULL,
    end_byte   INTEGER NOT NULL,
    UNIQUE (document, chunk)
);

CREATE TABLE chunk_embedding (
    chunk  INTEGER NOT NULL REFERENCES document_chunk(id) ON DELETE CASCADE,
    model  TEXT NOT NULL,
    vector BLOB NOT NULL,                      -- 32-bit floats
    PRIMARY KEY (chunk, model)
) WITHOUT ROWID;

-- The chunks' words, rowid = document_chunk.id. Chinese, Japanese and Thai come with spaces between the characters, so that they are
-- found as phrases: the index keeps this text of its own (SQLite 3.40 cannot delete from an index without one).
CREATE VIRTUAL TABLE chunk_search USING fts5(words, tokenize='porter unicode61 remove_diacritics 2');
CREATE TRIGGER chunk_search_delete AFTER DELETE ON document_chunk BEGIN
    DELETE FROM chunk_search WHERE rowid = old.id;
END;
