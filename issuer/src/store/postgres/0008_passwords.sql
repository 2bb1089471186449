-- With which password a session and a grant were made, as a fingerprint of its hash; NULL where that was not kept yet. And which
-- password each person was last seen to have, by whichever issuer started last.
ALTER TABLE session ADD COLUMN password BYTEA;
ALTER TABLE grants ADD COLUMN password BYTEA;

CREATE TABLE password (
    subject      TEXT PRIMARY KEY,
    fingerprint  BYTEA NOT NULL,
    changed_at   BIGINT
);

-- Whoever has another password is signed out of all that another brought.
CREATE FUNCTION password_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM session WHERE subject = new.subject AND password IS DISTINCT FROM new.fingerprint;
    UPDATE grants SET ended_at = new.changed_at
        WHERE subject = new.subject AND password IS DISTINCT FROM new.fingerprint AND ended_at IS NULL;
    RETURN NULL;
END
$$;

CREATE TRIGGER password_changed AFTER UPDATE OF fingerprint ON password
FOR EACH ROW WHEN (old.fingerprint <> new.fingerprint) EXECUTE FUNCTION password_changed();
