-- What the session is derived with that an interaction brings, and since when, so that who presses twice has one session. It
-- brings no session without what the browser alone has.
ALTER TABLE interaction ADD COLUMN salt BLOB;
ALTER TABLE interaction ADD COLUMN salted_at INTEGER;
