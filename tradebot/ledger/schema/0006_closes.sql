-- The account at the close of each session: its equity at the closing prices, or the broker's own closing equity, and the
-- closing price of each symbol that was held. It is written once, by the first job that can know it.
CREATE TABLE closes (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),  -- of the close
    equity      TEXT NOT NULL,
    cash        TEXT NOT NULL,
    long_value  TEXT NOT NULL,
    short_value TEXT NOT NULL,
    source      TEXT NOT NULL CHECK (source IN ('broker', 'prices')),
    prices      TEXT NOT NULL CHECK (json_valid(prices)),
    UNIQUE (account_key, session)
) STRICT;
CREATE TRIGGER closes_no_update BEFORE UPDATE ON closes BEGIN
    SELECT RAISE(ABORT, 'closes is append-only');
END;
CREATE TRIGGER closes_no_delete BEFORE DELETE ON closes BEGIN
    SELECT RAISE(ABORT, 'closes is append-only');
END;

CREATE VIEW v_closes AS
SELECT session, at, CAST(equity AS DOUBLE PRECISION) AS equity, CAST(cash AS DOUBLE PRECISION) AS cash,
       CAST(long_value AS DOUBLE PRECISION) AS long_value, CAST(short_value AS DOUBLE PRECISION) AS short_value,
       source, prices, account_key AS account
FROM closes;
