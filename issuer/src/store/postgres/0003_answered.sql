-- When an interaction was answered first: it stays a moment longer, for whoever presses twice.
ALTER TABLE interaction ADD COLUMN answered_at BIGINT;
