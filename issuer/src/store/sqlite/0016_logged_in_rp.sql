-- Which clients with a back-channel were told of which session, by an ID token, and so have to hear that it is over. `session` is the
-- session whose end that is: another than `sid` where the same person signed in over it, and none once it is over by time, or
-- where there never was one. `next_try_at` is when a logout token goes out next; NULL as long as nothing has ended.
CREATE TABLE logged_in_rp (
    sid          TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    subject      TEXT NOT NULL,
    session      TEXT,
    keep_until   INTEGER NOT NULL,
    next_try_at  INTEGER,
    tries        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sid, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX logged_in_rp_session ON logged_in_rp (session) WHERE session IS NOT NULL;
CREATE INDEX logged_in_rp_due ON logged_in_rp (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX logged_in_rp_end ON logged_in_rp (keep_until);

-- However a session ends but by time.
CREATE TRIGGER session_ended AFTER DELETE ON session
BEGIN
    UPDATE logged_in_rp SET next_try_at = 0 WHERE session = old.sid AND next_try_at IS NULL;
END;

-- What a session that is over by time has left is what was granted in it: the end of that is then the end.
CREATE TRIGGER last_grant_ended AFTER UPDATE OF ended_at ON grants
WHEN old.ended_at IS NULL AND new.ended_at IS NOT NULL
BEGIN
    UPDATE logged_in_rp SET next_try_at = 0
    WHERE sid = new.sid AND client_id = new.client_id AND session IS NULL AND next_try_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM grants WHERE subject = new.subject AND sid = new.sid
                            AND client_id = new.client_id AND ended_at IS NULL);
END;
