-- What each strategy gave for each of its symbols when it was asked in a session, or why it gave nothing. `given` holds,
-- by symbol, the action, the values of its indicators and the conditions that it states for an entry, as JSON.
CREATE TABLE signals (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    run_id      INTEGER NOT NULL REFERENCES runs,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    strategy    TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    as_of       TEXT CHECK (as_of LIKE '____-__-__'),  -- the session of the bars; NULL where it gave nothing
    fault       TEXT NOT NULL,
    given       TEXT NOT NULL CHECK (json_valid(given))
) STRICT;
CREATE INDEX signals_session ON signals (account_key, session);
CREATE TRIGGER signals_no_update BEFORE UPDATE ON signals BEGIN
    SELECT RAISE(ABORT, 'signals is append-only');
END;
CREATE TRIGGER signals_no_delete BEFORE DELETE ON signals BEGIN
    SELECT RAISE(ABORT, 'signals is append-only');
END;

CREATE VIEW v_signals AS
SELECT session, at, strategy, as_of, fault, given, fingerprint, run_id, account_key AS account
FROM signals;
