-- Times are milliseconds since 1970; ids, codes and cookies are stored as SHA-256 hashes.

CREATE TABLE signing_key (
    kid         TEXT PRIMARY KEY,
    algorithm   TEXT NOT NULL,
    pkcs8       BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id              BLOB PRIMARY KEY,
    sid             TEXT NOT NULL UNIQUE,
    subject         TEXT NOT NULL,
    auth_time       INTEGER NOT NULL,
    idle_until      INTEGER NOT NULL,
    absolute_until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_end ON session (min(idle_until, absolute_until));

CREATE TABLE interaction (
    id          BLOB PRIMARY KEY,
    browser     BLOB NOT NULL,
    request     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX interaction_end ON interaction (expires_at);

-- One row for each scope word; '' as the audience stands for none.
CREATE TABLE consent (
    subject     TEXT NOT NULL,
    client_id   TEXT NOT NULL,
    audience    TEXT NOT NULL,
    scope       TEXT NOT NULL,
    granted_at  INTEGER NOT NULL,
    PRIMARY KEY (subject, client_id, audience, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
    id          TEXT PRIMARY KEY,
    client_id   TEXT NOT NULL,
    subject     TEXT NOT NULL,
    sid         TEXT NOT NULL,
    scope       TEXT NOT NULL,
    audience    TEXT,
    auth_time   INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_age ON grants (created_at);

CREATE TABLE code (
    hash            BLOB PRIMARY KEY,
    grant_id        TEXT NOT NULL REFERENCES grants (id),
    redirect_uri    TEXT NOT NULL,
    nonce           TEXT,
    code_challenge  TEXT,
    expires_at      INTEGER NOT NULL,
    used_at         INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX code_grant ON code (grant_id);
CREATE INDEX code_end ON code (expires_at);
