-- When the sweep next looks at a family. It is left where it is while the family goes on, so that a use touches no index,
-- and its row can stay in its page.
ALTER TABLE refresh_family ADD COLUMN sweep_at BIGINT NOT NULL DEFAULT 0;
UPDATE refresh_family SET sweep_at = greatest(expires_at, tokens_until);
DROP INDEX refresh_family_end;
CREATE INDEX refresh_family_sweep ON refresh_family (sweep_at);
