-- The times in which shares of ours had no live stop at the broker. Shares and dollars stay as they were at the beginning.
CREATE TABLE bare_periods (
    period_id   INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    strategy    TEXT NOT NULL,
    symbol      TEXT NOT NULL,
    shares      TEXT NOT NULL,
    dollars     TEXT NOT NULL,
    began_at    TEXT NOT NULL CHECK (began_at LIKE '____-__-__T__:__:__.______Z'),
    ended_at    TEXT CHECK (ended_at LIKE '____-__-__T__:__:__.______Z' AND ended_at >= began_at)
) STRICT;
CREATE UNIQUE INDEX bare_periods_open ON bare_periods (account_key, strategy, symbol) WHERE ended_at IS NULL;
CREATE INDEX bare_periods_session ON bare_periods (account_key, session);

CREATE VIEW v_bare_periods AS
SELECT session, strategy, symbol, CAST(shares AS DOUBLE PRECISION) AS shares,
       CAST(dollars AS DOUBLE PRECISION) AS dollars, began_at, ended_at, account_key AS account
FROM bare_periods;
