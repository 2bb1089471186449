-- However a grant ends, it is listed, and goes from the list when its last access token has expired: that it had when the grant
-- ended may have been said by a clock that was ahead.
DROP TRIGGER grants_ended;
CREATE TRIGGER grants_ended AFTER UPDATE OF ended_at ON grants
WHEN old.ended_at IS NULL AND new.ended_at IS NOT NULL
BEGIN
    INSERT INTO revoked (kind, id, expires_at)
    SELECT 'grant_id', new.id, max(new.tokens_until, coalesce(max(tokens_until), 0))
    FROM refresh_family WHERE grant_id = new.id;
END;
