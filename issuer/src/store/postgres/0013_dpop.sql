-- The key that a code, and all refresh tokens of a family, are bound to, by its thumbprint (RFC 9449 §5, §10); NULL for none.
ALTER TABLE code ADD COLUMN dpop_jkt TEXT;
ALTER TABLE refresh_family ADD COLUMN dpop_jkt TEXT;
