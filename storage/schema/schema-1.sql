-- SPDX-License-Identifier: Apache-2.0
-- Version 1: conversations, their messages as a tree, the journal of the reply in progress, settings, full-text search.
-- Run once inside a transaction; user_version is set by the caller. Later versions get a file of their own.

CREATE TABLE conversation (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    title         TEXT NOT NULL DEFAULT '',
    created       INTEGER NOT NULL,              -- all times: milliseconds since 1970, UTC
    updated       INTEGER NOT NULL,
    deleted       INTEGER,                       -- in the trash since
    leaf          INTEGER REFERENCES message(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    draft         TEXT NOT NULL DEFAULT '',
    system_prompt TEXT NOT NULL DEFAULT '',
    model_path    TEXT NOT NULL DEFAULT ''
);

-- parent has no cascade on purpose: SQLite deletes cascades recursively and a long conversation would exceed its trigger depth.
CREATE TABLE message (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation   INTEGER NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    parent         INTEGER REFERENCES message(id) DEFERRABLE INITIALLY DEFERRED,
    role           INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),    -- system, user, assistant
    status         INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),  -- complete, streaming, interrupted, failed
    text           TEXT NOT NULL DEFAULT '',
    error          TEXT NOT NULL DEFAULT '',
    model_name     TEXT NOT NULL DEFAULT '',
    model_sha256   TEXT NOT NULL DEFAULT '',
    sampler        TEXT NOT NULL DEFAULT '',                         -- JSON
    seed           INTEGER NOT NULL DEFAULT 0,                       -- the bits of an unsigned number
    prompt_tokens  INTEGER NOT NULL DEFAULT 0,
    cached_tokens  INTEGER NOT NULL DEFAULT 0,
    answer_tokens  INTEGER NOT NULL DEFAULT 0,
    first_token_ms REAL NOT NULL DEFAULT 0,
    decode_ms      REAL NOT NULL DEFAULT 0,
    created        INTEGER NOT NULL,
    finished       INTEGER,
    left_out       TEXT NOT NULL DEFAULT '[]'                        -- JSON list of message ids that the model did not read
);
CREATE INDEX message_by_conversation ON message(conversation, id);
CREATE INDEX message_by_parent ON message(parent);
CREATE INDEX message_streaming ON message(id) WHERE status = 1;

-- Pieces of the reply in progress, in order; folded into message.text when it ends. Appending a small row costs the same however
-- long the reply has become.
CREATE TABLE reply_part (
    message  INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (message, sequence)
) WITHOUT ROWID;

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE VIRTUAL TABLE message_search USING fts5(text, content='message', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER message_search_insert AFTER INSERT ON message BEGIN
    INSERT INTO message_search(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER message_search_delete AFTER DELETE ON message BEGIN
    INSERT INTO message_search(message_search, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER message_search_update AFTER UPDATE OF text ON message BEGIN
    INSERT INTO message_search(message_search, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO message_search(rowid, text) VALUES (new.id, new.text);
END;

CREATE VIRTUAL TABLE title_search USING fts5(title, content='conversation', content_rowid='id', tokenize='unicode61 remove_diacritics 2');
CREATE TRIGGER title_search_insert AFTER INSERT ON conversation BEGIN
    INSERT INTO title_search(rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER title_search_delete AFTER DELETE ON conversation BEGIN
    INSERT INTO title_search(title_search, rowid, title) VALUES ('delete', old.id, old.title);
END;
CREATE TRIGGER title_search_update AFTER UPDATE OF title ON conversation BEGIN
    INSERT INTO title_search(title_search, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO title_search(rowid, title) VALUES (new.id, new.title);
END;
