-- Where an interaction was opened, as a hash, and whether its browser came to its page: what decides which goes where there are
-- too many.
ALTER TABLE interaction ADD COLUMN address BYTEA;
ALTER TABLE interaction ADD COLUMN shown BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX interaction_browser ON interaction (browser, shown, created_at);
CREATE INDEX interaction_address ON interaction (address, shown, created_at);
