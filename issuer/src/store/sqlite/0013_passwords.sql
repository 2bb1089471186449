-- With which password a session and a grant were made, as a fingerprint of its hash; NULL where that was not kept yet. And which
-- password each person was last seen to have, by whichever issuer started last.
ALTER TABLE session ADD COLUMN password BLOB;
ALTER TABLE grants ADD COLUMN password BLOB;

CREATE TABLE password (
    subject      TEXT PRIMARY KEY,
    fingerprint  BLOB NOT NULL,
    changed_at   INTEGER
) STRICT, WITHOUT ROWID;

-- Whoever has another password is signed out of all that another brought.
CREATE TRIGGER password_changed AFTER UPDATE OF fingerprint ON password
WHEN old.fingerprint <> new.fingerprint
BEGIN
    DELETE FROM session WHERE subject = new.subject AND password IS NOT new.fingerprint;
    UPDATE grants SET ended_at = new.changed_at
    WHERE subject = new.subject AND password IS NOT new.fingerprint AND ended_at IS NULL;
END;
