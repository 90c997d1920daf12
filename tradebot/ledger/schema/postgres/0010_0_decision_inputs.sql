-- What entries were decided by that seldom changes: limits and symbols, as JSON. A row for each that was in use.
CREATE TABLE decision_settings (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    digest      TEXT COLLATE "C" NOT NULL,  -- of the contents
    contents    TEXT COLLATE "C" NOT NULL CHECK (contents::json IS NOT NULL),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, digest)
);

-- What the entries of a run were decided on. `bars` has eight characters of each symbol, in the order of the settings:
-- the digest of the adjusted bars that the strategies saw, so that revised ones are known later.
CREATE TABLE decision_inputs (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    run_id      BIGINT NOT NULL,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    settings    TEXT COLLATE "C" NOT NULL,  -- the digest of a row of decision_settings
    sessions    BIGINT NOT NULL CHECK (sessions > 0),  -- of bars that were asked for
    as_of       TEXT COLLATE "C" CHECK (as_of LIKE '____-__-__'),  -- the session of the newest; NULL: there was none
    bars        TEXT COLLATE "C" NOT NULL,
    balances    TEXT COLLATE "C" NOT NULL CHECK (balances::json IS NOT NULL),
    signals     TEXT COLLATE "C" NOT NULL CHECK (signals::json IS NOT NULL),  -- that act, by strategy
    quotes      TEXT COLLATE "C" NOT NULL CHECK (quotes::json IS NOT NULL),  -- last price and previous close by symbol
    PRIMARY KEY (account_key, seq),
    FOREIGN KEY (account_key, run_id) REFERENCES runs (account_key, run_id),
    FOREIGN KEY (account_key, settings) REFERENCES decision_settings (account_key, digest)
);
CREATE INDEX decision_inputs_session ON decision_inputs (account_key, session, seq);

SELECT make_append_only('decision_settings');
SELECT make_append_only('decision_inputs');
