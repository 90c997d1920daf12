-- Holdings that took another name, became shares of another company, or ended for cash. They move no cash: what is paid
-- is in cash_events. Their numbers are those of the activities.
CREATE TABLE reorganisations (
    seq             INTEGER PRIMARY KEY,
    account_key     TEXT NOT NULL REFERENCES accounts,
    number          INTEGER NOT NULL CHECK (number >= 1),
    event_id        TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN (
        'name_change', 'stock_merger', 'spin_off', 'cash_merger', 'delisting')),
    symbol          TEXT NOT NULL,
    new_symbol      TEXT,
    ratio           TEXT NOT NULL CHECK (ratio NOT LIKE '-%'),
    quantity_before TEXT NOT NULL,
    quantity_after  TEXT NOT NULL,
    cash            TEXT NOT NULL,
    at              TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    session         TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    price           TEXT NOT NULL,
    strategy        TEXT NOT NULL,
    booked_at       TEXT NOT NULL,
    effective_at    TEXT CHECK (effective_at LIKE '____-__-__T__:__:__.______Z'),
    UNIQUE (account_key, event_id),
    UNIQUE (account_key, number)
) STRICT;
CREATE INDEX reorganisations_session ON reorganisations (account_key, session);
CREATE INDEX reorganisations_symbol ON reorganisations (account_key, symbol);
CREATE TRIGGER reorganisations_no_update BEFORE UPDATE ON reorganisations BEGIN
    SELECT RAISE(ABORT, 'reorganisations is append-only');
END;
CREATE TRIGGER reorganisations_no_delete BEFORE DELETE ON reorganisations BEGIN
    SELECT RAISE(ABORT, 'reorganisations is append-only');
END;

CREATE VIEW v_reorganisations AS
SELECT session, at, kind, symbol, new_symbol, CAST(ratio AS DOUBLE PRECISION) AS ratio,
       CAST(quantity_before AS DOUBLE PRECISION) AS quantity_before,
       CAST(quantity_after AS DOUBLE PRECISION) AS quantity_after, CAST(cash AS DOUBLE PRECISION) AS cash,
       CAST(price AS DOUBLE PRECISION) AS price, effective_at, strategy, event_id, account_key AS account
FROM reorganisations;

-- The broker's id of the asset behind each held symbol, as seen first.
CREATE TABLE asset_ids (
    account_key TEXT NOT NULL REFERENCES accounts,
    symbol      TEXT NOT NULL,
    asset_id    TEXT NOT NULL,
    seen_at     TEXT NOT NULL CHECK (seen_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, symbol)
) STRICT;

CREATE VIEW v_asset_ids AS
SELECT symbol, asset_id, seen_at, account_key AS account
FROM asset_ids;
