-- The client whose own key it is; NULL for the keys of all others.

ALTER TABLE signing_key ADD COLUMN client_id TEXT;
