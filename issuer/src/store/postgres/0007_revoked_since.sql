-- Which transaction put a row on the list of what was revoked, so that a look reads what is new. What is there already counts as
-- written now.
ALTER TABLE revoked ADD COLUMN written xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX revoked_written ON revoked (written);

-- One that lasts longer than it did is new.
CREATE FUNCTION revoked_for_longer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.written = pg_current_xact_id();
    RETURN new;
END
$$;

CREATE TRIGGER revoked_for_longer BEFORE UPDATE OF expires_at ON revoked
FOR EACH ROW WHEN (old.expires_at <> new.expires_at) EXECUTE FUNCTION revoked_for_longer();
