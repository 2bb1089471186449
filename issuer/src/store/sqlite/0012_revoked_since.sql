-- Rows of the list of what was revoked have a number that rises and is never given again, so that a look reads what is new.
-- The trigger is made anew, since it would follow the table that is renamed.
DROP TRIGGER grants_ended;
ALTER TABLE revoked RENAME TO revoked_before;

CREATE TABLE revoked (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT NOT NULL,
    id          TEXT NOT NULL,
    expires_at  INTEGER NOT NULL,
    UNIQUE (kind, id)
) STRICT;

INSERT INTO revoked (kind, id, expires_at) SELECT kind, id, expires_at FROM revoked_before;
DROP TABLE revoked_before;
CREATE INDEX revoked_end ON revoked (expires_at);

-- One that lasts longer than it did is new.
CREATE TRIGGER revoked_for_longer AFTER UPDATE OF expires_at ON revoked
WHEN old.expires_at <> new.expires_at
BEGIN
    DELETE FROM revoked WHERE number = new.number;
    INSERT INTO revoked (kind, id, expires_at) VALUES (new.kind, new.id, new.expires_at);
END;

CREATE TRIGGER grants_ended AFTER UPDATE OF ended_at ON grants
WHEN old.ended_at IS NULL AND new.ended_at IS NOT NULL
BEGIN
    INSERT INTO revoked (kind, id, expires_at)
    SELECT 'grant_id', new.id, max(new.tokens_until, coalesce(max(tokens_until), 0))
    FROM refresh_family WHERE grant_id = new.id;
END;
