-- One row for each family of refresh tokens, however often it rotates. The row holds hashes, and the salt with which the
-- current token was derived from the one before: neither brings a token back.

CREATE TABLE refresh_family (
    id              BLOB PRIMARY KEY,
    grant_id        TEXT NOT NULL UNIQUE REFERENCES grants (id),
    current         BLOB NOT NULL,
    previous        BLOB,
    salt            BLOB,
    rotated_at      INTEGER,
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    absolute_until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_family_end ON refresh_family (expires_at);

-- Until when something may stand for a grant: so that the sweep looks at no grant that is alive.
ALTER TABLE grants ADD COLUMN keep_until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX grants_end ON grants (keep_until);
DROP INDEX grants_age;
