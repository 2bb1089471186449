-- However a grant ends, it is listed, and goes from the list when its last access token has expired: that it had when the grant
-- ended may have been said by a clock that was ahead.
CREATE OR REPLACE FUNCTION list_ended_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO revoked (kind, id, expires_at)
        SELECT 'grant_id', new.id, greatest(new.granted_until, max(tokens_until))
        FROM refresh_family WHERE grant_id = new.id;
    RETURN NULL;
END
$$;
