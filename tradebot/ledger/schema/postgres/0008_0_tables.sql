-- The tables of the ledger on PostgreSQL, as the migrations of SQLite have made them until this version. The same
-- names, columns and rules; text compares byte by byte (COLLATE "C"), so that both order and digest rows alike.

-- Accounts that this ledger has met. For each broker and mode one of them is pinned: the only one that may trade.
CREATE TABLE accounts (
    account_key     TEXT COLLATE "C" PRIMARY KEY,
    broker          TEXT COLLATE "C" NOT NULL,
    mode            TEXT COLLATE "C" NOT NULL CHECK (mode IN ('paper', 'live')),
    account_id      TEXT COLLATE "C" NOT NULL,
    pinned_at       TEXT COLLATE "C" NOT NULL CHECK (pinned_at LIKE '____-__-__T__:__:__.______Z'),
    activity_cursor TEXT COLLATE "C",  -- id of the broker's newest activity booked
    activities      BIGINT NOT NULL DEFAULT 0,  -- how many activities and adjustments are booked
    cash            TEXT COLLATE "C",  -- USD, what the booked activities add up to
    peak_equity     TEXT COLLATE "C",  -- USD, the highest since the last rebase
    opening         TEXT COLLATE "C" NOT NULL DEFAULT 'none' CHECK (opening IN ('none', 'due', 'made'))
);

CREATE TABLE holdings (
    account_key    TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    strategy       TEXT COLLATE "C" NOT NULL,
    symbol         TEXT COLLATE "C" NOT NULL,
    quantity       TEXT COLLATE "C" NOT NULL CHECK (quantity <> '0'),
    entry_price    TEXT COLLATE "C" NOT NULL,
    stop_price     TEXT COLLATE "C" NOT NULL,
    target_price   TEXT COLLATE "C",
    high_water     TEXT COLLATE "C" NOT NULL,
    policy         TEXT COLLATE "C" NOT NULL,
    opened_session TEXT COLLATE "C" NOT NULL,
    sessions_held  BIGINT NOT NULL,
    trailed_from   TEXT COLLATE "C",
    PRIMARY KEY (account_key, strategy, symbol)
);

-- The broker's positions as last seen in each session.
CREATE TABLE positions (
    account_key   TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    session       TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    symbol        TEXT COLLATE "C" NOT NULL,
    quantity      TEXT COLLATE "C" NOT NULL,
    average_price TEXT COLLATE "C" NOT NULL,
    market_price  TEXT COLLATE "C" NOT NULL,
    at            TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, session, symbol)
);

-- Since when an account keeps the schedule by a clock, and the first session of which not every job is settled yet.
CREATE TABLE schedule (
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    keeping     TEXT COLLATE "C" NOT NULL CHECK (keeping IN ('wall', 'desk')),
    since       TEXT COLLATE "C" NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    unsettled   TEXT COLLATE "C" NOT NULL CHECK (unsettled LIKE '____-__-__'),
    PRIMARY KEY (account_key, keeping)
);

-- The broker's own view of every order that we ever saw there: bracket legs and foreign orders too.
CREATE TABLE broker_orders (
    account_key        TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    broker_order_id    TEXT COLLATE "C" NOT NULL,
    client_order_id    TEXT COLLATE "C" NOT NULL,
    symbol             TEXT COLLATE "C" NOT NULL,
    side               TEXT COLLATE "C" NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity           TEXT COLLATE "C" NOT NULL,
    filled_quantity    TEXT COLLATE "C" NOT NULL,
    type               TEXT COLLATE "C" NOT NULL CHECK (type IN (
         'market', 'limit', 'stop', 'stop_limit', 'trailing_stop', 'other')),
    time_in_force      TEXT COLLATE "C" NOT NULL CHECK (time_in_force IN ('day', 'gtc', 'opg', 'cls', 'other')),
    state              TEXT COLLATE "C" NOT NULL CHECK (state IN (
         'accepted', 'partially_filled', 'filled', 'cancelled', 'expired', 'rejected', 'replaced', 'unknown')),
    submitted_at       TEXT COLLATE "C" NOT NULL,
    limit_price        TEXT COLLATE "C",
    stop_price         TEXT COLLATE "C",
    average_fill_price TEXT COLLATE "C",
    parent_id          TEXT COLLATE "C",  -- broker_order_id of the bracket's entry
    role               TEXT COLLATE "C" NOT NULL CHECK (role IN ('entry', 'exit', 'stop', 'target', 'close')),
    held               BIGINT NOT NULL CHECK (held IN (0, 1)),
    reason             TEXT COLLATE "C" NOT NULL,
    first_seen         TEXT COLLATE "C" NOT NULL,
    changed_at         TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, broker_order_id)
);

-- Days on which the broker's calendar differs, or once differed, from the installed one: what it said last. A day
-- that has passed stays as it is. Without opens and closes the exchange is closed all day.
CREATE TABLE calendar_days (
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    day         TEXT COLLATE "C" NOT NULL CHECK (day LIKE '____-__-__'),  -- of New York
    opens       TEXT COLLATE "C" CHECK (opens LIKE '____-__-__T__:__:__.______Z'),
    closes      TEXT COLLATE "C" CHECK (closes LIKE '____-__-__T__:__:__.______Z'),
    half_day    BIGINT NOT NULL CHECK (half_day IN (0, 1)),
    seen_at     TEXT COLLATE "C" NOT NULL CHECK (seen_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, day),
    CHECK ((opens IS NULL) = (closes IS NULL))
);

-- Standing halts, of whatever latch, that the operator was told of. A row goes when he was told of the end.
CREATE TABLE told_halts (
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    halt_key    TEXT COLLATE "C" NOT NULL,
    told_at     TEXT COLLATE "C" NOT NULL CHECK (told_at LIKE '____-__-__T__:__:__.______Z'),
    what        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, halt_key)
);

-- The broker's id of the asset behind each held symbol, as seen first.
CREATE TABLE asset_ids (
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    symbol      TEXT COLLATE "C" NOT NULL,
    asset_id    TEXT COLLATE "C" NOT NULL,
    seen_at     TEXT COLLATE "C" NOT NULL CHECK (seen_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, symbol)
);

-- The homes that use this ledger, each with the id in its state folder: a folder that lacks it was lost or
-- replaced.
CREATE TABLE homes (
    home_id TEXT COLLATE "C" PRIMARY KEY,
    path    TEXT COLLATE "C" NOT NULL,
    since   TEXT COLLATE "C" NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    host    TEXT COLLATE "C" NOT NULL DEFAULT ''
);

-- The orders that were open at the broker in the newest look at each account. Where the broker is out of reach,
-- they are what was known last.
CREATE TABLE last_looks (
    account_key TEXT COLLATE "C" PRIMARY KEY REFERENCES accounts,
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    open_orders TEXT COLLATE "C" NOT NULL  -- their broker_order_ids, as a JSON array
);

CREATE TABLE chain_starts (
    account_key TEXT COLLATE "C" PRIMARY KEY REFERENCES accounts,
    seq         BIGINT NOT NULL,  -- the newest row of the common chain
    hash        TEXT COLLATE "C" NOT NULL  -- its hash, which the account's first own row follows
);

CREATE TABLE runs (
    run_id       BIGINT NOT NULL,
    account_key  TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    job          TEXT COLLATE "C" NOT NULL,
    session      TEXT COLLATE "C" CHECK (session LIKE '____-__-__'),
    status       TEXT COLLATE "C" NOT NULL CHECK (status IN ('running', 'ran', 'idle', 'blocked', 'failed')),
    exit_code    BIGINT,
    started_at   TEXT COLLATE "C" NOT NULL CHECK (started_at LIKE '____-__-__T__:__:__.______Z'),
    ended_at     TEXT COLLATE "C" CHECK (ended_at LIKE '____-__-__T__:__:__.______Z'),
    started_wall TEXT COLLATE "C" NOT NULL,
    ended_wall   TEXT COLLATE "C",
    pid          BIGINT NOT NULL,
    summary      TEXT COLLATE "C" NOT NULL,
    keeping      TEXT COLLATE "C" CHECK (keeping IN ('wall', 'desk')),
    turn_at      TEXT COLLATE "C" CHECK (turn_at LIKE '____-__-__T__:__:__.______Z'),
    home_id      TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (account_key, run_id),
    CHECK ((ended_at IS NULL) = (status = 'running'))
);

-- Intents: what we decided to send, written down before it left.
CREATE TABLE orders (
    seq                BIGINT NOT NULL,
    account_key        TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    client_order_id    TEXT COLLATE "C" NOT NULL,
    session            TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    strategy           TEXT COLLATE "C" NOT NULL,
    symbol             TEXT COLLATE "C" NOT NULL,
    purpose            TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('entry', 'exit', 'stop', 'target', 'close')),
    attempt            BIGINT NOT NULL CHECK (attempt >= 1),
    side               TEXT COLLATE "C" NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity           TEXT COLLATE "C" NOT NULL CHECK (quantity <> '0' AND quantity NOT LIKE '-%'),
    type               TEXT COLLATE "C" NOT NULL CHECK (type IN ('market', 'limit', 'stop', 'stop_limit')),
    time_in_force      TEXT COLLATE "C" NOT NULL CHECK (time_in_force IN ('day', 'gtc')),
    limit_price        TEXT COLLATE "C",
    stop_price         TEXT COLLATE "C",
    take_profit        TEXT COLLATE "C",
    stop_loss          TEXT COLLATE "C",
    planned_price      TEXT COLLATE "C" NOT NULL,
    reason             TEXT COLLATE "C" NOT NULL,
    policy             TEXT COLLATE "C",  -- how an entry's position is to be left, as JSON
    state              TEXT COLLATE "C" NOT NULL CHECK (state IN (
         'planned', 'abandoned', 'submitting', 'accepted', 'partially_filled', 'filled', 'cancelled', 'expired',
        'rejected', 'replaced', 'unknown')),
    broker_order_id    TEXT COLLATE "C",
    filled_quantity    TEXT COLLATE "C" NOT NULL,
    average_fill_price TEXT COLLATE "C",
    note               TEXT COLLATE "C" NOT NULL,
    sends              BIGINT NOT NULL,  -- how often it has left for the broker
    written_at         TEXT COLLATE "C" NOT NULL CHECK (written_at LIKE '____-__-__T__:__:__.______Z'),
    moved_at           TEXT COLLATE "C" NOT NULL CHECK (moved_at LIKE '____-__-__T__:__:__.______Z'),
    sent_at            TEXT COLLATE "C" CHECK (sent_at LIKE '____-__-__T__:__:__.______Z'),
    exit_kind          TEXT COLLATE "C" CHECK (exit_kind IN (
         'signal', 'time', 'stop', 'trailing_stop', 'target', 'emergency_stop', 'outside', 'corporate_action')),
    sent_price         TEXT COLLATE "C",
    sent_price_at      TEXT COLLATE "C" CHECK (sent_price_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, client_order_id),
    UNIQUE (account_key, session, strategy, symbol, purpose, attempt)
);

CREATE TABLE cash_events (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    number      BIGINT NOT NULL CHECK (number >= 1),
    event_id    TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL CHECK (kind IN (
         'deposit', 'withdrawal', 'dividend', 'cash_in_lieu', 'fee', 'interest')),
    amount      TEXT COLLATE "C" NOT NULL,
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    symbol      TEXT COLLATE "C",
    note        TEXT COLLATE "C" NOT NULL,
    strategy    TEXT COLLATE "C" NOT NULL,
    booked_at   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, event_id),
    UNIQUE (account_key, number)
);

-- Splits that the broker applied to a position.
CREATE TABLE corporate_actions (
    seq             BIGINT NOT NULL,
    account_key     TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    number          BIGINT NOT NULL CHECK (number >= 1),
    event_id        TEXT COLLATE "C" NOT NULL,
    symbol          TEXT COLLATE "C" NOT NULL,
    ratio           TEXT COLLATE "C" NOT NULL CHECK (ratio <> '0' AND ratio NOT LIKE '-%'),
    quantity_before TEXT COLLATE "C" NOT NULL,
    quantity_after  TEXT COLLATE "C" NOT NULL,
    at              TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session         TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    strategy        TEXT COLLATE "C" NOT NULL,
    booked_at       TEXT COLLATE "C" NOT NULL,
    effective_at    TEXT COLLATE "C" CHECK (effective_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, event_id),
    UNIQUE (account_key, number)
);

-- Holdings that took another name, became shares of another company, or ended for cash. They move no cash: what is
-- paid is in cash_events. Their numbers are those of the activities.
CREATE TABLE reorganisations (
    seq             BIGINT NOT NULL,
    account_key     TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    number          BIGINT NOT NULL CHECK (number >= 1),
    event_id        TEXT COLLATE "C" NOT NULL,
    kind            TEXT COLLATE "C" NOT NULL CHECK (kind IN (
         'name_change', 'stock_merger', 'spin_off', 'cash_merger', 'delisting')),
    symbol          TEXT COLLATE "C" NOT NULL,
    new_symbol      TEXT COLLATE "C",
    ratio           TEXT COLLATE "C" NOT NULL CHECK (ratio NOT LIKE '-%'),
    quantity_before TEXT COLLATE "C" NOT NULL,
    quantity_after  TEXT COLLATE "C" NOT NULL,
    cash            TEXT COLLATE "C" NOT NULL,
    at              TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session         TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    price           TEXT COLLATE "C" NOT NULL,
    strategy        TEXT COLLATE "C" NOT NULL,
    booked_at       TEXT COLLATE "C" NOT NULL,
    effective_at    TEXT COLLATE "C" CHECK (effective_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, event_id),
    UNIQUE (account_key, number)
);

-- Corrections of the ledger, each for a stated reason: shares of a symbol, or cash (the symbol USD).
CREATE TABLE adjustments (
    seq           BIGINT NOT NULL,
    account_key   TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    number        BIGINT NOT NULL CHECK (number >= 1),
    adjustment_id TEXT COLLATE "C" NOT NULL,
    symbol        TEXT COLLATE "C" NOT NULL,
    quantity      TEXT COLLATE "C" NOT NULL,
    price         TEXT COLLATE "C" NOT NULL,
    amount        TEXT COLLATE "C" NOT NULL,
    reason        TEXT COLLATE "C" NOT NULL CHECK (reason <> ''),
    at            TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session       TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    strategy      TEXT COLLATE "C" NOT NULL,
    booked_at     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, adjustment_id),
    UNIQUE (account_key, number)
);

-- Open lots and holdings are what is held now; how they came about is in fills and trades.
CREATE TABLE lots (
    seq                   BIGINT NOT NULL,
    account_key           TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    lot_id                TEXT COLLATE "C" NOT NULL,
    strategy              TEXT COLLATE "C" NOT NULL,
    symbol                TEXT COLLATE "C" NOT NULL,
    quantity              TEXT COLLATE "C" NOT NULL CHECK (quantity <> '0'),
    price                 TEXT COLLATE "C" NOT NULL,
    fee                   TEXT COLLATE "C" NOT NULL,
    opened_at             TEXT COLLATE "C" NOT NULL,
    session               TEXT COLLATE "C" NOT NULL,
    entry_client_order_id TEXT COLLATE "C" NOT NULL,
    shown_price           TEXT COLLATE "C",  -- what the broker averages it at, where that is not its price
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, lot_id)
);

CREATE TABLE equity (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    equity      TEXT COLLATE "C" NOT NULL,
    cash        TEXT COLLATE "C" NOT NULL,
    long_value  TEXT COLLATE "C" NOT NULL,
    short_value TEXT COLLATE "C" NOT NULL,
    last_equity TEXT COLLATE "C" NOT NULL,
    unprotected TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, seq)
);

-- The account at the close of each session: its equity at the closing prices, or the broker's own closing equity,
-- and the closing price of each symbol that was held. It is written once, by the first job that can know it.
CREATE TABLE closes (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),  -- of the close
    equity      TEXT COLLATE "C" NOT NULL,
    cash        TEXT COLLATE "C" NOT NULL,
    long_value  TEXT COLLATE "C" NOT NULL,
    short_value TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL CHECK (source IN ('broker', 'prices')),
    prices      TEXT COLLATE "C" NOT NULL CHECK (prices::json IS NOT NULL),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, session)
);

-- Why, or why not: every decision with the numbers that were compared.
CREATE TABLE decisions (
    seq             BIGINT NOT NULL,
    account_key     TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    run_id          BIGINT NOT NULL,
    session         TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    at              TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    strategy        TEXT COLLATE "C" NOT NULL,
    symbol          TEXT COLLATE "C" NOT NULL,
    purpose         TEXT COLLATE "C" NOT NULL,
    outcome         TEXT COLLATE "C" NOT NULL,
    code            TEXT COLLATE "C" NOT NULL,
    message         TEXT COLLATE "C" NOT NULL,
    value           TEXT COLLATE "C",
    limit_value     TEXT COLLATE "C",
    client_order_id TEXT COLLATE "C" NOT NULL,
    as_of           TEXT COLLATE "C",
    fingerprint     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, seq),
    FOREIGN KEY (account_key, run_id) REFERENCES runs (account_key, run_id)
);

-- What each strategy gave for each of its symbols when it was asked in a session, or why it gave nothing. `given`
-- holds, by symbol, the action, the values of its indicators and the conditions that it states for an entry, as
-- JSON.
CREATE TABLE signals (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    run_id      BIGINT NOT NULL,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    strategy    TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    as_of       TEXT COLLATE "C" CHECK (as_of LIKE '____-__-__'),  -- of the bars; NULL where it gave nothing
    fault       TEXT COLLATE "C" NOT NULL,
    given       TEXT COLLATE "C" NOT NULL CHECK (given::json IS NOT NULL),
    PRIMARY KEY (account_key, seq),
    FOREIGN KEY (account_key, run_id) REFERENCES runs (account_key, run_id)
);

-- How far each limit was used, against its setting at that moment: {"MAX_POSITIONS": ["3", "10"], ...}, used and
-- limit in the unit of the setting. A look of a job adds a row of all limits, then rows of those whose use has
-- risen since.
CREATE TABLE limits_used (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    used        TEXT COLLATE "C" NOT NULL CHECK (used::json IS NOT NULL),
    PRIMARY KEY (account_key, seq)
);

-- The sessions in which each strategy spoke, with the version and content hash that it had: what probation counts.
CREATE TABLE strategy_sessions (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    strategy    TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, strategy, fingerprint, session)
);

-- What each strategy was when it first spoke with a fingerprint: the digest of each file that decides, and the
-- parameters that are not the manifest's defaults. The earlier fingerprint is the one by the rule of schema 4,
-- under which the rows of strategy_sessions without a version were counted.
CREATE TABLE strategy_versions (
    seq                 BIGINT NOT NULL,
    account_key         TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    strategy            TEXT COLLATE "C" NOT NULL,
    fingerprint         TEXT COLLATE "C" NOT NULL,
    earlier_fingerprint TEXT COLLATE "C" NOT NULL,
    files               TEXT COLLATE "C" NOT NULL CHECK (files::json IS NOT NULL),
    changed             TEXT COLLATE "C" NOT NULL CHECK (changed::json IS NOT NULL),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, strategy, fingerprint)
);

CREATE TABLE halts (
    halt_id        BIGINT NOT NULL,
    account_key    TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    rule           TEXT COLLATE "C" NOT NULL,
    level          TEXT COLLATE "C" NOT NULL CHECK (level IN ('running', 'reducing', 'halted')),
    reason         TEXT COLLATE "C" NOT NULL,
    since          TEXT COLLATE "C",
    session        TEXT COLLATE "C",
    until          TEXT COLLATE "C",  -- the session from which it no longer holds
    value          TEXT COLLATE "C",
    limit_value    TEXT COLLATE "C",
    latched_at     TEXT COLLATE "C" NOT NULL,
    cleared_at     TEXT COLLATE "C",
    cleared_reason TEXT COLLATE "C",
    scope          TEXT COLLATE "C" NOT NULL DEFAULT 'account' CHECK (scope IN ('account', 'strategy', 'symbol')),
    scope_name     TEXT COLLATE "C" NOT NULL DEFAULT '' CHECK ((scope = 'account') = (scope_name = '')),
    ends           TEXT COLLATE "C" CHECK (ends IN ('explained', 'resume')),
    explained_in   BIGINT,
    PRIMARY KEY (account_key, halt_id),
    CHECK ((cleared_at IS NULL) = (cleared_reason IS NULL))
);

CREATE TABLE breaks (
    break_id     BIGINT NOT NULL,
    account_key  TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    kind         TEXT COLLATE "C" NOT NULL,
    symbol       TEXT COLLATE "C" NOT NULL,
    here         TEXT COLLATE "C" NOT NULL,
    there        TEXT COLLATE "C" NOT NULL,
    message      TEXT COLLATE "C" NOT NULL,
    first_seen   TEXT COLLATE "C" NOT NULL CHECK (first_seen LIKE '____-__-__'),
    last_seen    TEXT COLLATE "C" NOT NULL CHECK (last_seen LIKE '____-__-__'),
    age_sessions BIGINT NOT NULL,
    severity     TEXT COLLATE "C" NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    opened_at    TEXT COLLATE "C" NOT NULL,
    closed_at    TEXT COLLATE "C",
    dollars      TEXT COLLATE "C" NOT NULL DEFAULT '0' CHECK (dollars NOT LIKE '-%'),
    confirmed    BIGINT NOT NULL DEFAULT 1 CHECK (confirmed IN (0, 1)),
    PRIMARY KEY (account_key, break_id)
);

-- The times in which shares of ours had no live stop at the broker. Shares and dollars stay as they were at the
-- beginning.
CREATE TABLE bare_periods (
    period_id   BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    strategy    TEXT COLLATE "C" NOT NULL,
    symbol      TEXT COLLATE "C" NOT NULL,
    shares      TEXT COLLATE "C" NOT NULL,
    dollars     TEXT COLLATE "C" NOT NULL,
    began_at    TEXT COLLATE "C" NOT NULL CHECK (began_at LIKE '____-__-__T__:__:__.______Z'),
    ended_at    TEXT COLLATE "C" CHECK (ended_at LIKE '____-__-__T__:__:__.______Z' AND ended_at >= began_at),
    PRIMARY KEY (account_key, period_id)
);

-- Jobs that no run did in their session, and that none will make up for.
CREATE TABLE missed (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    turn        TEXT COLLATE "C" NOT NULL,  -- clock, session and job, in one
    keeping     TEXT COLLATE "C" NOT NULL CHECK (keeping IN ('wall', 'desk')),
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    job         TEXT COLLATE "C" NOT NULL,
    noticed_at  TEXT COLLATE "C" NOT NULL CHECK (noticed_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, turn)
);

-- The broker's statement when this ledger met the account first. What it explains is booked as adjustments.
CREATE TABLE openings (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    session     TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    equity      TEXT COLLATE "C" NOT NULL,
    cash        TEXT COLLATE "C" NOT NULL,
    positions   TEXT COLLATE "C" NOT NULL,  -- foreign ones, as JSON
    orders      TEXT COLLATE "C" NOT NULL,  -- foreign ones that rested, for people, as JSON
    cursor      TEXT COLLATE "C",  -- id of the broker's newest activity
    known       TEXT COLLATE "C" NOT NULL,  -- ids of the newest activities, as JSON
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key)
);

-- Alerts, as they were raised; those that were told already are not raised again.
CREATE TABLE alerts (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    raised_at   TEXT COLLATE "C" NOT NULL CHECK (raised_at LIKE '____-__-__T__:__:__.______Z'),
    level       TEXT COLLATE "C" NOT NULL CHECK (level IN ('info', 'warning', 'critical')),
    title       TEXT COLLATE "C" NOT NULL,
    message     TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,  -- what it is about; '' is a matter of its own
    kind        TEXT COLLATE "C" CHECK (kind IN ('summary')),
    attachment  TEXT COLLATE "C",
    PRIMARY KEY (account_key, seq)
);

-- How far each alert has come on its way to the operator. Times are the machine's.
CREATE TABLE alert_posts (
    alert_id    BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'kept')),
    since       TEXT COLLATE "C" NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    attempts    BIGINT NOT NULL DEFAULT 0,
    next_try    TEXT COLLATE "C",
    settled     TEXT COLLATE "C",
    PRIMARY KEY (account_key, alert_id),
    FOREIGN KEY (account_key, alert_id) REFERENCES alerts (account_key, seq),
    CHECK ((settled IS NULL) = (state = 'waiting'))
);

-- Each try at handing an alert to a channel.
CREATE TABLE alert_attempts (
    seq         BIGINT NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    alert_id    BIGINT NOT NULL,
    channel     TEXT COLLATE "C" NOT NULL,  -- its name, which holds no secret
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    trouble     TEXT COLLATE "C" NOT NULL,  -- '' when the channel took it
    PRIMARY KEY (account_key, seq),
    FOREIGN KEY (account_key, alert_id) REFERENCES alert_posts (account_key, alert_id)
);

-- Everything that was ever written, in order. Each row's hash covers the row before it, and the digests in it cover
-- the rows of the append-only tables.
CREATE TABLE audit (
    seq         BIGINT NOT NULL,
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    kind        TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    detail      TEXT COLLATE "C" NOT NULL,
    digest      TEXT COLLATE "C" NOT NULL,
    prev_hash   TEXT COLLATE "C" NOT NULL,
    hash        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, seq)
);

-- Everything that changes what the account holds has a number in common: 1, 2, 3 ... in the order of booking,
-- whichever of the four tables it is in. A fill that was busted stays, and a row that reverses it is added.
CREATE TABLE fills (
    seq                    BIGINT NOT NULL,
    account_key            TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    number                 BIGINT NOT NULL CHECK (number >= 1),
    fill_id                TEXT COLLATE "C" NOT NULL,
    broker_order_id        TEXT COLLATE "C" NOT NULL,
    client_order_id        TEXT COLLATE "C" NOT NULL,
    symbol                 TEXT COLLATE "C" NOT NULL,
    side                   TEXT COLLATE "C" NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity               TEXT COLLATE "C" NOT NULL CHECK (quantity <> '0' AND quantity NOT LIKE '-%'),
    price                  TEXT COLLATE "C" NOT NULL,
    fee                    TEXT COLLATE "C" NOT NULL,
    at                     TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session                TEXT COLLATE "C" NOT NULL CHECK (session LIKE '____-__-__'),
    parent_client_order_id TEXT COLLATE "C",
    strategy               TEXT COLLATE "C" NOT NULL,
    reverses               TEXT COLLATE "C",  -- the fill that this row takes back: a bust's, under its own id
    booked_at              TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, fill_id),
    UNIQUE (account_key, number)
);

-- Round trips, first in first out. One that is none any more stays, and a row that reverses it is added.
CREATE TABLE trades (
    seq           BIGINT NOT NULL,
    account_key   TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    trade_id      TEXT COLLATE "C" NOT NULL,
    strategy      TEXT COLLATE "C" NOT NULL,
    symbol        TEXT COLLATE "C" NOT NULL,
    side          TEXT COLLATE "C" NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity      TEXT COLLATE "C" NOT NULL,
    entry_price   TEXT COLLATE "C" NOT NULL,
    exit_price    TEXT COLLATE "C" NOT NULL,
    fees          TEXT COLLATE "C" NOT NULL,
    pnl           TEXT COLLATE "C" NOT NULL,
    opened_at     TEXT COLLATE "C" NOT NULL,
    closed_at     TEXT COLLATE "C" NOT NULL CHECK (closed_at LIKE '____-__-__T__:__:__.______Z'),
    entry_session TEXT COLLATE "C" NOT NULL,
    exit_session  TEXT COLLATE "C" NOT NULL CHECK (exit_session LIKE '____-__-__'),
    exit_reason   TEXT COLLATE "C" NOT NULL,
    reverses      TEXT COLLATE "C",
    exit_kind     TEXT COLLATE "C" CHECK (exit_kind IN (
         'signal', 'time', 'stop', 'trailing_stop', 'target', 'emergency_stop', 'outside', 'corporate_action')),
    stop_price    TEXT COLLATE "C",
    target_price  TEXT COLLATE "C",
    trailed_from  TEXT COLLATE "C",
    PRIMARY KEY (account_key, seq),
    UNIQUE (account_key, trade_id)
);

-- Which process took an account last, on whatever host. One that took it before can store nothing about orders any
-- more.
CREATE TABLE epochs (
    account_key TEXT COLLATE "C" PRIMARY KEY REFERENCES accounts,
    number      BIGINT NOT NULL CHECK (number > 0),
    pid         BIGINT NOT NULL,
    command     TEXT COLLATE "C" NOT NULL,
    since       TEXT COLLATE "C" NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    host        TEXT COLLATE "C" NOT NULL,
    home_id     TEXT COLLATE "C" NOT NULL
);

-- The later generations of an account's history, each under a row key of its own: what `rebuild` made anew, or
-- `restore` took from a backup. The newest is the account's history now; the rows of the others stay, and none is
-- added to them.
CREATE TABLE generations (
    account_key    TEXT COLLATE "C" NOT NULL REFERENCES accounts,  -- of the rows of this generation
    seq            BIGINT NOT NULL,
    account        TEXT COLLATE "C" NOT NULL REFERENCES accounts (account_key),
    generation     BIGINT NOT NULL CHECK (generation > 1),
    replaces       TEXT COLLATE "C" NOT NULL REFERENCES accounts (account_key),  -- the key of the rows that were the history before
    replaced_sound BIGINT NOT NULL CHECK (replaced_sound IN (0, 1)),  -- whether these could be proved then
    why            TEXT COLLATE "C" NOT NULL CHECK (why IN ('rebuild', 'restore')),
    at             TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq)
);

-- Where an account lives since its ledger was copied there: nothing is written about it here any more. An empty place is
-- this ledger again.
CREATE TABLE moves (
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    seq         BIGINT NOT NULL,
    place       TEXT COLLATE "C" NOT NULL,  -- as it may be shown: without a password
    at          TEXT COLLATE "C" NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq)
);

-- Of each home and each (broker, mode): the only account that may trade there. The home "" stands for the one of a
-- ledger that knew no home yet; the first that it gets to know takes its place.
CREATE TABLE pins (
    home_id     TEXT COLLATE "C" NOT NULL,
    broker      TEXT COLLATE "C" NOT NULL,
    mode        TEXT COLLATE "C" NOT NULL,
    account_key TEXT COLLATE "C" NOT NULL REFERENCES accounts,
    pinned_at   TEXT COLLATE "C" NOT NULL CHECK (pinned_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (home_id, broker, mode)
);

CREATE INDEX broker_orders_client ON broker_orders (account_key, client_order_id);
CREATE INDEX runs_session ON runs (account_key, session, run_id);
CREATE INDEX runs_job ON runs (account_key, job, run_id);
CREATE INDEX orders_unsettled ON orders (account_key, seq)
    WHERE state IN ('planned', 'submitting', 'unknown', 'accepted', 'partially_filled');
CREATE INDEX orders_at_broker ON orders (account_key, broker_order_id, seq);
CREATE INDEX cash_events_session ON cash_events (account_key, session, seq);
CREATE INDEX corporate_actions_session ON corporate_actions (account_key, session, seq);
CREATE INDEX corporate_actions_symbol ON corporate_actions (account_key, symbol, seq);
CREATE INDEX adjustments_symbol ON adjustments (account_key, symbol, seq);
CREATE INDEX lots_symbol ON lots (account_key, symbol, strategy, seq);
CREATE INDEX equity_session ON equity (account_key, session, seq);
CREATE INDEX decisions_session ON decisions (account_key, session, seq);
CREATE INDEX decisions_symbol ON decisions (account_key, symbol, session, seq);
CREATE INDEX halts_latched ON halts (account_key, halt_id) WHERE cleared_at IS NULL;
CREATE INDEX breaks_open ON breaks (account_key, break_id) WHERE closed_at IS NULL;
CREATE INDEX alerts_key ON alerts (account_key, key, seq);
CREATE INDEX orders_entries ON orders (account_key, strategy, symbol, side, session, seq) WHERE purpose = 'entry';
CREATE INDEX runs_turn ON runs (account_key, keeping, turn_at, run_id);
CREATE INDEX missed_session ON missed (account_key, keeping, session, seq);
CREATE UNIQUE INDEX bare_periods_open ON bare_periods (account_key, strategy, symbol) WHERE ended_at IS NULL;
CREATE INDEX bare_periods_session ON bare_periods (account_key, session, period_id);
CREATE INDEX reorganisations_session ON reorganisations (account_key, session, seq);
CREATE INDEX reorganisations_symbol ON reorganisations (account_key, symbol, seq);
CREATE INDEX limits_used_session ON limits_used (account_key, session, seq);
CREATE INDEX signals_session ON signals (account_key, session, seq);
CREATE INDEX alert_posts_waiting ON alert_posts (account_key, alert_id) WHERE state = 'waiting';
CREATE INDEX alert_attempts_alert ON alert_attempts (account_key, alert_id, seq);
CREATE UNIQUE INDEX alert_attempts_taken ON alert_attempts (account_key, alert_id, channel) WHERE trouble = '';
CREATE INDEX orders_session ON orders (account_key, session, seq);
CREATE INDEX fills_session ON fills (account_key, session, seq);
CREATE INDEX fills_symbol ON fills (account_key, symbol, seq);
CREATE INDEX fills_order ON fills (account_key, client_order_id, seq);
CREATE INDEX trades_session ON trades (account_key, exit_session, seq);
CREATE INDEX trades_symbol ON trades (account_key, symbol, seq);
CREATE INDEX audit_heads ON audit (seq) WHERE kind IN ('head_kept', 'halt_cleared', 'restored');
CREATE INDEX trades_closed ON trades (account_key, closed_at, seq);
CREATE UNIQUE INDEX fills_reverses ON fills (account_key, reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX trades_reverses ON trades (account_key, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX generations_account ON generations (account, generation);
CREATE INDEX generations_replaces ON generations (replaces);
CREATE INDEX pins_account ON pins (account_key);
