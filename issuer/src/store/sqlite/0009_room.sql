-- Where an interaction was opened, as a hash, and whether its browser came to its page: what decides which goes where there are
-- too many.
ALTER TABLE interaction ADD COLUMN address BLOB;
ALTER TABLE interaction ADD COLUMN shown INTEGER NOT NULL DEFAULT 0;
CREATE INDEX interaction_browser ON interaction (browser, shown, created_at);
CREATE INDEX interaction_address ON interaction (address, shown, created_at);
