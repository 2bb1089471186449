-- One row that is written to see whether anything can be.
CREATE TABLE health (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    written_at  BIGINT NOT NULL
);
