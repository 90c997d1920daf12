-- When an order last left for the broker: what the limits on orders a minute and a session count.
ALTER TABLE orders ADD COLUMN sent_at TEXT CHECK (sent_at LIKE '____-__-__T__:__:__.______Z');
CREATE INDEX orders_entries ON orders (account_key, strategy, symbol, side, session) WHERE purpose = 'entry';

-- The sessions in which each strategy spoke, with the version and content hash that it had: what probation counts.
CREATE TABLE strategy_sessions (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    strategy    TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    UNIQUE (account_key, strategy, fingerprint, session)
) STRICT;
CREATE TRIGGER strategy_sessions_no_update BEFORE UPDATE ON strategy_sessions BEGIN
    SELECT RAISE(ABORT, 'strategy_sessions is append-only');
END;
CREATE TRIGGER strategy_sessions_no_delete BEFORE DELETE ON strategy_sessions BEGIN
    SELECT RAISE(ABORT, 'strategy_sessions is append-only');
END;

CREATE VIEW v_strategy_sessions AS
SELECT strategy, fingerprint, MIN(session) AS first_session, MAX(session) AS last_session, COUNT(*) AS sessions,
       account_key AS account
FROM strategy_sessions GROUP BY account_key, strategy, fingerprint;
