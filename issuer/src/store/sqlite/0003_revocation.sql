CREATE TABLE revoked_access_token (
    jti         TEXT PRIMARY KEY,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_access_token_end ON revoked_access_token (expires_at);
