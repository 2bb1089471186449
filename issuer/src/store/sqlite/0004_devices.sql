-- Where people are signed in, in words they recognise, and found by person.

ALTER TABLE session ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN device TEXT NOT NULL DEFAULT '';
CREATE INDEX session_subject ON session (subject);
CREATE INDEX grants_subject ON grants (subject);
