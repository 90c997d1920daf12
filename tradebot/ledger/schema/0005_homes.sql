-- The homes that use this ledger, each with the id in its state folder: a folder that lacks it was lost or replaced.
CREATE TABLE homes (
    home_id TEXT PRIMARY KEY,
    path    TEXT NOT NULL,
    since   TEXT NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z')
) STRICT;

CREATE VIEW v_homes AS
SELECT home_id, path, since FROM homes;
