-- Times are milliseconds since 1970; ids, codes and cookies are stored as SHA-256 hashes.

CREATE TABLE signing_key (
    kid         TEXT PRIMARY KEY,
    algorithm   TEXT NOT NULL,
    -- The client whose own key it is; NULL for the keys of all others.
    client_id   TEXT,
    pkcs8       BYTEA NOT NULL,
    created_at  BIGINT NOT NULL
);

-- Two issuers that both find a key missing would both add one: the second waits here until the first one's is to be seen.
CREATE FUNCTION add_signing_key(TEXT, TEXT, TEXT, BYTEA, BIGINT, unless_after BIGINT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO signing_key (kid, algorithm, client_id, pkcs8, created_at)
        SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS
            (SELECT 1 FROM signing_key
             WHERE algorithm = $2 AND client_id IS NOT DISTINCT FROM $3 AND created_at > unless_after);
END
$$;

CREATE TABLE session (
    id              BYTEA PRIMARY KEY,
    sid             TEXT NOT NULL UNIQUE,
    subject         TEXT NOT NULL,
    device          TEXT NOT NULL,
    auth_time       BIGINT NOT NULL,
    idle_until      BIGINT NOT NULL,
    absolute_until  BIGINT NOT NULL
);

CREATE INDEX session_end ON session (least(idle_until, absolute_until));
CREATE INDEX session_subject ON session (subject);

CREATE TABLE interaction (
    id          BYTEA PRIMARY KEY,
    browser     BYTEA NOT NULL,
    request     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);

CREATE INDEX interaction_end ON interaction (expires_at);

-- One row for each scope word; '' as the audience stands for none.
CREATE TABLE consent (
    subject     TEXT NOT NULL,
    client_id   TEXT NOT NULL,
    audience    TEXT NOT NULL,
    scope       TEXT NOT NULL,
    granted_at  BIGINT NOT NULL,
    PRIMARY KEY (subject, client_id, audience, scope)
);

CREATE TABLE grants (
    id              TEXT PRIMARY KEY,
    client_id       TEXT NOT NULL,
    subject         TEXT NOT NULL,
    sid             TEXT NOT NULL,
    device          TEXT NOT NULL,
    scope           TEXT NOT NULL,
    audience        TEXT,
    auth_time       BIGINT NOT NULL,
    granted_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    -- When the last access token expires that needs no refresh token.
    granted_until   BIGINT NOT NULL,
    -- Until when something may stand for the grant: so that the sweep looks at no grant that is alive.
    keep_until      BIGINT NOT NULL
);

CREATE INDEX grants_end ON grants (keep_until);
CREATE INDEX grants_subject ON grants (subject);

-- A nonce is whatever the client sent, and TEXT would refuse some of it.
CREATE TABLE code (
    hash            BYTEA PRIMARY KEY,
    grant_id        TEXT NOT NULL REFERENCES grants (id),
    redirect_uri    TEXT NOT NULL,
    nonce           BYTEA,
    code_challenge  TEXT,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT
);

CREATE INDEX code_grant ON code (grant_id);
CREATE INDEX code_end ON code (expires_at);

-- One row for each family of refresh tokens, however often it rotates. The row holds hashes, and the salt with which the
-- current token was derived from the one before: neither brings a token back.
CREATE TABLE refresh_family (
    id              BYTEA PRIMARY KEY,
    grant_id        TEXT NOT NULL UNIQUE REFERENCES grants (id),
    current         BYTEA NOT NULL,
    previous        BYTEA,
    salt            BYTEA,
    rotated_at      BIGINT,
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    absolute_until  BIGINT NOT NULL,
    -- When the last access token expires that it brought so far.
    tokens_until    BIGINT NOT NULL
);

CREATE INDEX refresh_family_end ON refresh_family (expires_at);

-- What was revoked before its time, and until when a token it names may last. `kind` says what `id` is: 'jti' or 'grant_id'.
CREATE TABLE revoked (
    kind        TEXT NOT NULL,
    id          TEXT NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE INDEX revoked_end ON revoked (expires_at);

-- However a grant ends, it is listed, unless every access token of it has expired anyway.
CREATE FUNCTION list_ended_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_until BIGINT;
BEGIN
    SELECT greatest(new.granted_until, max(tokens_until)) INTO last_until
        FROM refresh_family WHERE grant_id = new.id;
    IF last_until > new.ended_at THEN
        INSERT INTO revoked (kind, id, expires_at) VALUES ('grant_id', new.id, last_until);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER grants_ended AFTER UPDATE OF ended_at ON grants
FOR EACH ROW WHEN (old.ended_at IS NULL AND new.ended_at IS NOT NULL) EXECUTE FUNCTION list_ended_grant();
