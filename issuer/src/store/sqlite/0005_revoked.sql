-- What was revoked before its time, and until when a token it names may last. `kind` says what `id` is: 'jti' or 'grant_id'.

CREATE TABLE revoked (
    kind        TEXT NOT NULL,
    id          TEXT NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_end ON revoked (expires_at);
INSERT INTO revoked SELECT 'jti', jti, expires_at FROM revoked_access_token;
DROP TABLE revoked_access_token;

-- When the last access token issued so far expires.
ALTER TABLE grants ADD COLUMN tokens_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refresh_family ADD COLUMN tokens_until INTEGER NOT NULL DEFAULT 0;

-- However a grant ends, it is listed, unless every access token of it has expired anyway.
CREATE TRIGGER grants_ended AFTER UPDATE OF ended_at ON grants
WHEN old.ended_at IS NULL AND new.ended_at IS NOT NULL
BEGIN
    INSERT INTO revoked (kind, id, expires_at)
    SELECT 'grant_id', new.id, tokens_until FROM (
        SELECT max(new.tokens_until, coalesce(max(tokens_until), 0)) AS tokens_until
        FROM refresh_family WHERE grant_id = new.id
    ) WHERE tokens_until > new.ended_at;
END;
