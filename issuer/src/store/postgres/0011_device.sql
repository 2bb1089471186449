-- What devices have asked for (RFC 8628), until a person has answered and the device has come for the answer. The grant of a
-- person who allowed it outlasts this row, so nothing refers to it.
CREATE TABLE device_authorization (
    device_code    BYTEA PRIMARY KEY,
    user_code      BYTEA NOT NULL UNIQUE,
    address        BYTEA NOT NULL,
    client_id      TEXT NOT NULL,
    scope          TEXT NOT NULL,
    audience       TEXT,
    poll_interval  BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    polled_at      BIGINT,
    answered_at    BIGINT,
    answered_by    TEXT,
    -- What was allowed; NULL where it was refused.
    grant_id       TEXT,
    used_at        BIGINT
);

CREATE INDEX device_authorization_address ON device_authorization (address, (answered_at IS NOT NULL), created_at);
CREATE INDEX device_authorization_end ON device_authorization (expires_at);
