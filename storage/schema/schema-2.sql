-- SPDX-License-Identifier: Apache-2.0
-- Version 2: conversations that leave no trace in the cache, and who gave a conversation its title.

ALTER TABLE conversation ADD COLUMN private INTEGER NOT NULL DEFAULT 0 CHECK (private BETWEEN 0 AND 1);
-- first words of the question, the model, a person; titles from before this version may be a person's, so they count as one
ALTER TABLE conversation ADD COLUMN titled_by INTEGER NOT NULL DEFAULT 0 CHECK (titled_by BETWEEN 0 AND 2);
UPDATE conversation SET titled_by = 2 WHERE title <> '';
