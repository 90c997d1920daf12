-- Whether an account begins with the broker's statement. Accounts of earlier versions, and those of a rebuilt ledger,
-- are explained by their activities from the beginning and never get one.
ALTER TABLE accounts ADD COLUMN opening TEXT NOT NULL DEFAULT 'none' CHECK (opening IN ('none', 'due', 'made'));

-- The broker's statement when this ledger met the account first. What it explains is booked as adjustments.
CREATE TABLE openings (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    equity      TEXT NOT NULL,
    cash        TEXT NOT NULL,
    positions   TEXT NOT NULL,                   -- foreign ones, as JSON
    orders      TEXT NOT NULL,                   -- foreign ones that rested, for people, as JSON
    cursor      TEXT,                            -- id of the broker's newest activity
    known       TEXT NOT NULL,                   -- ids of the newest activities, as JSON
    UNIQUE (account_key)
) STRICT;
CREATE TRIGGER openings_no_update BEFORE UPDATE ON openings BEGIN
    SELECT RAISE(ABORT, 'openings is append-only');
END;
CREATE TRIGGER openings_no_delete BEFORE DELETE ON openings BEGIN
    SELECT RAISE(ABORT, 'openings is append-only');
END;

CREATE VIEW v_openings AS
SELECT session, at, CAST(equity AS DOUBLE PRECISION) AS equity, CAST(cash AS DOUBLE PRECISION) AS cash, positions, orders,
       cursor, account_key AS account
FROM openings;
