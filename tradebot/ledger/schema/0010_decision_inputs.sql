-- What entries were decided by that seldom changes: limits and symbols, as JSON. A row for each that was in use.
CREATE TABLE decision_settings (
    seq         INTEGER NOT NULL,
    account_key TEXT NOT NULL REFERENCES accounts,
    digest      TEXT NOT NULL,  -- of the contents
    contents    TEXT NOT NULL CHECK (json_valid(contents)),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, digest)
) STRICT;
CREATE TRIGGER decision_settings_no_update BEFORE UPDATE ON decision_settings BEGIN
    SELECT RAISE(ABORT, 'decision_settings is append-only');
END;
CREATE TRIGGER decision_settings_no_delete BEFORE DELETE ON decision_settings BEGIN
    SELECT RAISE(ABORT, 'decision_settings is append-only');
END;

-- What the entries of a run were decided on. `bars` has eight characters of each symbol, in the order of the settings:
-- the digest of the adjusted bars that the strategies saw, so that revised ones are known later.
CREATE TABLE decision_inputs (
    seq         INTEGER NOT NULL,
    account_key TEXT NOT NULL REFERENCES accounts,
    run_id      INTEGER NOT NULL,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    settings    TEXT NOT NULL,  -- the digest of a row of decision_settings
    sessions    INTEGER NOT NULL CHECK (sessions > 0),  -- of bars that were asked for
    as_of       TEXT CHECK (as_of LIKE '____-__-__'),  -- the session of the newest; NULL: there was none
    bars        TEXT NOT NULL,
    balances    TEXT NOT NULL CHECK (json_valid(balances)),
    signals     TEXT NOT NULL CHECK (json_valid(signals)),  -- that act, by strategy
    quotes      TEXT NOT NULL CHECK (json_valid(quotes)),  -- last price and previous close by symbol
    PRIMARY KEY (account_key, seq),
    FOREIGN KEY (account_key, run_id) REFERENCES runs (account_key, run_id),
    FOREIGN KEY (account_key, settings) REFERENCES decision_settings (account_key, digest)
) STRICT;
CREATE INDEX decision_inputs_session ON decision_inputs (account_key, session, seq);
CREATE TRIGGER decision_inputs_no_update BEFORE UPDATE ON decision_inputs BEGIN
    SELECT RAISE(ABORT, 'decision_inputs is append-only');
END;
CREATE TRIGGER decision_inputs_no_delete BEFORE DELETE ON decision_inputs BEGIN
    SELECT RAISE(ABORT, 'decision_inputs is append-only');
END;
