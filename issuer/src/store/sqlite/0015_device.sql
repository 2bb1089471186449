-- What devices have asked for (RFC 8628), until a person has answered and the device has come for the answer. The grant of a
-- person who allowed it outlasts this row, so nothing refers to it.
CREATE TABLE device_authorization (
    device_code    BLOB PRIMARY KEY,
    user_code      BLOB NOT NULL UNIQUE,
    address        BLOB NOT NULL,
    client_id      TEXT NOT NULL,
    scope          TEXT NOT NULL,
    audience       TEXT,
    poll_interval  INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    polled_at      INTEGER,
    answered_at    INTEGER,
    answered_by    TEXT,
    -- What was allowed; NULL where it was refused.
    grant_id       TEXT,
    used_at        INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX device_authorization_address ON device_authorization (address, answered_at IS NOT NULL, created_at);
CREATE INDEX device_authorization_end ON device_authorization (expires_at);
