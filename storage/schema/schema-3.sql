-- SPDX-License-Identifier: Apache-2.0
-- Version 3: answers that grow in points side by side.

-- where it pays, always, never
ALTER TABLE conversation ADD COLUMN answer_mode INTEGER NOT NULL DEFAULT 0 CHECK (answer_mode BETWEEN 0 AND 2);
ALTER TABLE message ADD COLUMN expansion TEXT NOT NULL DEFAULT '';    -- JSON: how the answer came about; mostly empty

-- The points of the reply in progress; put together into message.text when it ends. A point is short, so that its row may grow.
CREATE TABLE message_point (
    message INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    point   INTEGER NOT NULL,
    heading TEXT NOT NULL,              -- all that stands in front of the text
    text    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (message, point)
) WITHOUT ROWID;
