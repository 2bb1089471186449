-- The public name of a session follows from its id, so this alone is unique: of several rows of one session that are written at
-- once, "ON CONFLICT (id)" has one be there, unless another constraint refuses the rest first.
ALTER TABLE session DROP CONSTRAINT session_sid_key;
CREATE INDEX session_sid ON session (sid);
