-- The ledger's tables. Money, prices and quantities are decimal text, instants UTC text with microseconds
-- (2007-01-03T14:35:00.000000Z), sessions New York dates (2007-01-03). To look around, open the views (v_...).

-- Accounts that this ledger has met. For each broker and mode one of them is pinned: the only one that may trade.
CREATE TABLE accounts (
    account_key     TEXT PRIMARY KEY,
    broker          TEXT NOT NULL,
    mode            TEXT NOT NULL CHECK (mode IN ('paper', 'live')),
    account_id      TEXT NOT NULL,
    pinned_at       TEXT NOT NULL CHECK (pinned_at LIKE '____-__-__T__:__:__.______Z'),
    pinned          INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    activity_cursor TEXT,                        -- id of the broker's newest activity booked
    activities      INTEGER NOT NULL DEFAULT 0,  -- how many activities and adjustments are booked
    cash            TEXT,                        -- USD, what the booked activities add up to
    peak_equity     TEXT                         -- USD, the highest since the last rebase
) STRICT;
CREATE UNIQUE INDEX accounts_pinned ON accounts (broker, mode) WHERE pinned = 1;

CREATE TABLE runs (
    run_id       INTEGER PRIMARY KEY,
    account_key  TEXT NOT NULL REFERENCES accounts,
    job          TEXT NOT NULL,
    session      TEXT CHECK (session LIKE '____-__-__'),
    status       TEXT NOT NULL CHECK (status IN ('running', 'ran', 'idle', 'blocked', 'failed')),
    exit_code    INTEGER,
    started_at   TEXT NOT NULL CHECK (started_at LIKE '____-__-__T__:__:__.______Z'),
    ended_at     TEXT CHECK (ended_at LIKE '____-__-__T__:__:__.______Z'),
    started_wall TEXT NOT NULL,
    ended_wall   TEXT,
    pid          INTEGER NOT NULL,
    summary      TEXT NOT NULL,
    CHECK ((ended_at IS NULL) = (status = 'running'))
) STRICT;
CREATE INDEX runs_session ON runs (account_key, session);
CREATE INDEX runs_job ON runs (account_key, job);

-- Intents: what we decided to send, written down before it left.
CREATE TABLE orders (
    seq                INTEGER PRIMARY KEY,
    account_key        TEXT NOT NULL REFERENCES accounts,
    client_order_id    TEXT NOT NULL,
    session            TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    strategy           TEXT NOT NULL,
    symbol             TEXT NOT NULL,
    purpose            TEXT NOT NULL CHECK (purpose IN ('entry', 'exit', 'stop', 'target', 'close')),
    attempt            INTEGER NOT NULL CHECK (attempt >= 1),
    side               TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity           TEXT NOT NULL CHECK (quantity <> '0' AND quantity NOT LIKE '-%'),
    type               TEXT NOT NULL CHECK (type IN ('market', 'limit', 'stop', 'stop_limit')),
    time_in_force      TEXT NOT NULL CHECK (time_in_force IN ('day', 'gtc')),
    limit_price        TEXT,
    stop_price         TEXT,
    take_profit        TEXT,
    stop_loss          TEXT,
    planned_price      TEXT NOT NULL,
    reason             TEXT NOT NULL,
    policy             TEXT,                      -- how an entry's position is to be left, as JSON
    state              TEXT NOT NULL CHECK (state IN (
        'planned', 'abandoned', 'submitting', 'accepted', 'partially_filled', 'filled', 'cancelled', 'expired',
        'rejected', 'replaced', 'unknown')),
    broker_order_id    TEXT,
    filled_quantity    TEXT NOT NULL,
    average_fill_price TEXT,
    note               TEXT NOT NULL,
    sends              INTEGER NOT NULL,           -- how often it has left for the broker
    written_at         TEXT NOT NULL CHECK (written_at LIKE '____-__-__T__:__:__.______Z'),
    moved_at           TEXT NOT NULL CHECK (moved_at LIKE '____-__-__T__:__:__.______Z'),
    UNIQUE (account_key, client_order_id),
    UNIQUE (account_key, session, strategy, symbol, purpose, attempt)
) STRICT;
CREATE INDEX orders_unsettled ON orders (account_key, seq)
    WHERE state IN ('planned', 'submitting', 'unknown', 'accepted', 'partially_filled');
CREATE INDEX orders_at_broker ON orders (account_key, broker_order_id);

-- The broker's own view of every order that we ever saw there: bracket legs and foreign orders too.
CREATE TABLE broker_orders (
    account_key        TEXT NOT NULL REFERENCES accounts,
    broker_order_id    TEXT NOT NULL,
    client_order_id    TEXT NOT NULL,
    symbol             TEXT NOT NULL,
    side               TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity           TEXT NOT NULL,
    filled_quantity    TEXT NOT NULL,
    type               TEXT NOT NULL CHECK (type IN ('market', 'limit', 'stop', 'stop_limit')),
    time_in_force      TEXT NOT NULL CHECK (time_in_force IN ('day', 'gtc')),
    state              TEXT NOT NULL CHECK (state IN (
        'accepted', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected', 'replaced', 'unknown')),
    submitted_at       TEXT NOT NULL,
    limit_price        TEXT,
    stop_price         TEXT,
    average_fill_price TEXT,
    parent_id          TEXT,                      -- broker_order_id of the bracket's entry
    role               TEXT NOT NULL CHECK (role IN ('entry', 'exit', 'stop', 'target', 'close')),
    held               INTEGER NOT NULL CHECK (held IN (0, 1)),
    reason             TEXT NOT NULL,
    first_seen         TEXT NOT NULL,
    changed_at         TEXT NOT NULL,
    PRIMARY KEY (account_key, broker_order_id)
) STRICT;
CREATE INDEX broker_orders_client ON broker_orders (account_key, client_order_id);

-- Everything that changes what the account holds has a number in common: 1, 2, 3 ... in the order of booking, whichever
-- of the four tables it is in. A fill that was busted stays, and a row that reverses it is added.
CREATE TABLE fills (
    seq                    INTEGER PRIMARY KEY,
    account_key            TEXT NOT NULL REFERENCES accounts,
    number                 INTEGER NOT NULL CHECK (number >= 1),
    fill_id                TEXT NOT NULL,
    broker_order_id        TEXT NOT NULL,
    client_order_id        TEXT NOT NULL,
    symbol                 TEXT NOT NULL,
    side                   TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity               TEXT NOT NULL CHECK (quantity <> '0' AND quantity NOT LIKE '-%'),
    price                  TEXT NOT NULL,
    fee                    TEXT NOT NULL,
    at                     TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session                TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    parent_client_order_id TEXT,
    strategy               TEXT NOT NULL,
    reverses               TEXT,                  -- the fill that this row takes back: a bust's, under its own id
    booked_at              TEXT NOT NULL,
    UNIQUE (account_key, fill_id),
    UNIQUE (account_key, reverses),
    UNIQUE (account_key, number)
) STRICT;
CREATE INDEX fills_session ON fills (account_key, session);
CREATE INDEX fills_symbol ON fills (account_key, symbol);
CREATE INDEX fills_order ON fills (account_key, client_order_id);

CREATE TABLE cash_events (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    number      INTEGER NOT NULL CHECK (number >= 1),
    event_id    TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN (
        'deposit', 'withdrawal', 'dividend', 'cash_in_lieu', 'fee', 'interest')),
    amount      TEXT NOT NULL,
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    symbol      TEXT,
    note        TEXT NOT NULL,
    strategy    TEXT NOT NULL,
    booked_at   TEXT NOT NULL,
    UNIQUE (account_key, event_id),
    UNIQUE (account_key, number)
) STRICT;
CREATE INDEX cash_events_session ON cash_events (account_key, session);

-- Splits that the broker applied to a position.
CREATE TABLE corporate_actions (
    seq             INTEGER PRIMARY KEY,
    account_key     TEXT NOT NULL REFERENCES accounts,
    number          INTEGER NOT NULL CHECK (number >= 1),
    event_id        TEXT NOT NULL,
    symbol          TEXT NOT NULL,
    ratio           TEXT NOT NULL CHECK (ratio <> '0' AND ratio NOT LIKE '-%'),
    quantity_before TEXT NOT NULL,
    quantity_after  TEXT NOT NULL,
    at              TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session         TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    strategy        TEXT NOT NULL,
    booked_at       TEXT NOT NULL,
    UNIQUE (account_key, event_id),
    UNIQUE (account_key, number)
) STRICT;
CREATE INDEX corporate_actions_session ON corporate_actions (account_key, session);
CREATE INDEX corporate_actions_symbol ON corporate_actions (account_key, symbol);

-- Corrections of the ledger, each for a stated reason: shares of a symbol, or cash (the symbol USD).
CREATE TABLE adjustments (
    seq           INTEGER PRIMARY KEY,
    account_key   TEXT NOT NULL REFERENCES accounts,
    number        INTEGER NOT NULL CHECK (number >= 1),
    adjustment_id TEXT NOT NULL,
    symbol        TEXT NOT NULL,
    quantity      TEXT NOT NULL,
    price         TEXT NOT NULL,
    amount        TEXT NOT NULL,
    reason        TEXT NOT NULL CHECK (reason <> ''),
    at            TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session       TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    strategy      TEXT NOT NULL,
    booked_at     TEXT NOT NULL,
    UNIQUE (account_key, adjustment_id),
    UNIQUE (account_key, number)
) STRICT;
CREATE INDEX adjustments_symbol ON adjustments (account_key, symbol);

-- Round trips, first in first out. One that is none any more stays, and a row that reverses it is added.
CREATE TABLE trades (
    seq           INTEGER PRIMARY KEY,
    account_key   TEXT NOT NULL REFERENCES accounts,
    trade_id      TEXT NOT NULL,
    strategy      TEXT NOT NULL,
    symbol        TEXT NOT NULL,
    side          TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity      TEXT NOT NULL,
    entry_price   TEXT NOT NULL,
    exit_price    TEXT NOT NULL,
    fees          TEXT NOT NULL,
    pnl           TEXT NOT NULL,
    opened_at     TEXT NOT NULL,
    closed_at     TEXT NOT NULL CHECK (closed_at LIKE '____-__-__T__:__:__.______Z'),
    entry_session TEXT NOT NULL,
    exit_session  TEXT NOT NULL CHECK (exit_session LIKE '____-__-__'),
    exit_reason   TEXT NOT NULL,
    reverses      TEXT,
    UNIQUE (account_key, trade_id),
    UNIQUE (account_key, reverses)
) STRICT;
CREATE INDEX trades_session ON trades (account_key, exit_session);
CREATE INDEX trades_symbol ON trades (account_key, symbol);

-- Open lots and holdings are what is held now; how they came about is in fills and trades.
CREATE TABLE lots (
    seq                   INTEGER PRIMARY KEY,
    account_key           TEXT NOT NULL REFERENCES accounts,
    lot_id                TEXT NOT NULL,
    strategy              TEXT NOT NULL,
    symbol                TEXT NOT NULL,
    quantity              TEXT NOT NULL CHECK (quantity <> '0'),
    price                 TEXT NOT NULL,
    fee                   TEXT NOT NULL,
    opened_at             TEXT NOT NULL,
    session               TEXT NOT NULL,
    entry_client_order_id TEXT NOT NULL,
    shown_price           TEXT,                    -- what the broker averages it at, where that is not its price
    UNIQUE (account_key, lot_id)
) STRICT;
CREATE INDEX lots_symbol ON lots (account_key, symbol, strategy);

CREATE TABLE holdings (
    account_key    TEXT NOT NULL REFERENCES accounts,
    strategy       TEXT NOT NULL,
    symbol         TEXT NOT NULL,
    quantity       TEXT NOT NULL CHECK (quantity <> '0'),
    entry_price    TEXT NOT NULL,
    stop_price     TEXT NOT NULL,
    target_price   TEXT,
    high_water     TEXT NOT NULL,
    policy         TEXT NOT NULL,
    opened_session TEXT NOT NULL,
    sessions_held  INTEGER NOT NULL,
    PRIMARY KEY (account_key, strategy, symbol)
) STRICT;

-- The broker's positions as last seen in each session.
CREATE TABLE positions (
    account_key   TEXT NOT NULL REFERENCES accounts,
    session       TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    symbol        TEXT NOT NULL,
    quantity      TEXT NOT NULL,
    average_price TEXT NOT NULL,
    market_price  TEXT NOT NULL,
    at            TEXT NOT NULL,
    PRIMARY KEY (account_key, session, symbol)
) STRICT;

CREATE TABLE equity (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    equity      TEXT NOT NULL,
    cash        TEXT NOT NULL,
    long_value  TEXT NOT NULL,
    short_value TEXT NOT NULL,
    last_equity TEXT NOT NULL,
    unprotected TEXT NOT NULL
) STRICT;
CREATE INDEX equity_session ON equity (account_key, session, seq);

-- Why, or why not: every decision with the numbers that were compared.
CREATE TABLE decisions (
    seq             INTEGER PRIMARY KEY,
    account_key     TEXT NOT NULL REFERENCES accounts,
    run_id          INTEGER NOT NULL REFERENCES runs,
    session         TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    at              TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    strategy        TEXT NOT NULL,
    symbol          TEXT NOT NULL,
    purpose         TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    code            TEXT NOT NULL,
    message         TEXT NOT NULL,
    value           TEXT,
    limit_value     TEXT,
    client_order_id TEXT NOT NULL,
    as_of           TEXT,
    fingerprint     TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_session ON decisions (account_key, session);
CREATE INDEX decisions_symbol ON decisions (account_key, symbol, session);

CREATE TABLE halts (
    halt_id        INTEGER PRIMARY KEY,
    account_key    TEXT NOT NULL REFERENCES accounts,
    rule           TEXT NOT NULL,
    level          TEXT NOT NULL CHECK (level IN ('running', 'reducing', 'halted')),
    reason         TEXT NOT NULL,
    since          TEXT,
    session        TEXT,
    until          TEXT,                          -- the session from which it no longer holds
    value          TEXT,
    limit_value    TEXT,
    latched_at     TEXT NOT NULL,
    cleared_at     TEXT,
    cleared_reason TEXT,
    CHECK ((cleared_at IS NULL) = (cleared_reason IS NULL))
) STRICT;
CREATE INDEX halts_latched ON halts (account_key, halt_id) WHERE cleared_at IS NULL;

CREATE TABLE breaks (
    break_id     INTEGER PRIMARY KEY,
    account_key  TEXT NOT NULL REFERENCES accounts,
    kind         TEXT NOT NULL,
    symbol       TEXT NOT NULL,
    here         TEXT NOT NULL,
    there        TEXT NOT NULL,
    message      TEXT NOT NULL,
    first_seen   TEXT NOT NULL CHECK (first_seen LIKE '____-__-__'),
    last_seen    TEXT NOT NULL CHECK (last_seen LIKE '____-__-__'),
    age_sessions INTEGER NOT NULL,
    severity     TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    opened_at    TEXT NOT NULL,
    closed_at    TEXT
) STRICT;
CREATE INDEX breaks_open ON breaks (account_key, break_id) WHERE closed_at IS NULL;

-- Everything that was ever written, in order. Each row's hash covers the row before it, and the digests in it cover
-- the rows of the append-only tables.
CREATE TABLE audit (
    seq         INTEGER PRIMARY KEY,
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    account_key TEXT NOT NULL REFERENCES accounts,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    detail      TEXT NOT NULL,
    digest      TEXT NOT NULL,
    prev_hash   TEXT NOT NULL,
    hash        TEXT NOT NULL
) STRICT;

-- History is append-only.
CREATE TRIGGER fills_no_update BEFORE UPDATE ON fills BEGIN
    SELECT RAISE(ABORT, 'fills is append-only');
END;
CREATE TRIGGER fills_no_delete BEFORE DELETE ON fills BEGIN
    SELECT RAISE(ABORT, 'fills is append-only');
END;
CREATE TRIGGER cash_events_no_update BEFORE UPDATE ON cash_events BEGIN
    SELECT RAISE(ABORT, 'cash_events is append-only');
END;
CREATE TRIGGER cash_events_no_delete BEFORE DELETE ON cash_events BEGIN
    SELECT RAISE(ABORT, 'cash_events is append-only');
END;
CREATE TRIGGER corporate_actions_no_update BEFORE UPDATE ON corporate_actions BEGIN
    SELECT RAISE(ABORT, 'corporate_actions is append-only');
END;
CREATE TRIGGER corporate_actions_no_delete BEFORE DELETE ON corporate_actions BEGIN
    SELECT RAISE(ABORT, 'corporate_actions is append-only');
END;
CREATE TRIGGER adjustments_no_update BEFORE UPDATE ON adjustments BEGIN
    SELECT RAISE(ABORT, 'adjustments is append-only');
END;
CREATE TRIGGER adjustments_no_delete BEFORE DELETE ON adjustments BEGIN
    SELECT RAISE(ABORT, 'adjustments is append-only');
END;
CREATE TRIGGER trades_no_update BEFORE UPDATE ON trades BEGIN
    SELECT RAISE(ABORT, 'trades is append-only');
END;
CREATE TRIGGER trades_no_delete BEFORE DELETE ON trades BEGIN
    SELECT RAISE(ABORT, 'trades is append-only');
END;
CREATE TRIGGER equity_no_update BEFORE UPDATE ON equity BEGIN
    SELECT RAISE(ABORT, 'equity is append-only');
END;
CREATE TRIGGER equity_no_delete BEFORE DELETE ON equity BEGIN
    SELECT RAISE(ABORT, 'equity is append-only');
END;
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions is append-only');
END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions BEGIN
    SELECT RAISE(ABORT, 'decisions is append-only');
END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit is append-only');
END;
