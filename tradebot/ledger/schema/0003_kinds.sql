-- A broker shows orders of every kind, those that a person or another program sent there too.
DROP VIEW v_broker_orders;
CREATE TABLE broker_orders_of_any_kind (
    account_key        TEXT NOT NULL REFERENCES accounts,
    broker_order_id    TEXT NOT NULL,
    client_order_id    TEXT NOT NULL,
    symbol             TEXT NOT NULL,
    side               TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity           TEXT NOT NULL,
    filled_quantity    TEXT NOT NULL,
    type               TEXT NOT NULL CHECK (type IN (
        'market', 'limit', 'stop', 'stop_limit', 'trailing_stop', 'other')),
    time_in_force      TEXT NOT NULL CHECK (time_in_force IN ('day', 'gtc', 'opg', 'cls', 'other')),
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
INSERT INTO broker_orders_of_any_kind SELECT * FROM broker_orders;
DROP TABLE broker_orders;
ALTER TABLE broker_orders_of_any_kind RENAME TO broker_orders;
CREATE INDEX broker_orders_client ON broker_orders (account_key, client_order_id);

CREATE VIEW v_broker_orders AS
SELECT symbol, side, role, type, time_in_force, state, held,
       CAST(quantity AS DOUBLE PRECISION) AS quantity, CAST(filled_quantity AS DOUBLE PRECISION) AS filled,
       CAST(limit_price AS DOUBLE PRECISION) AS limit_price, CAST(stop_price AS DOUBLE PRECISION) AS stop_price,
       CAST(average_fill_price AS DOUBLE PRECISION) AS fill_price, reason,
       submitted_at, first_seen, changed_at, client_order_id, broker_order_id, parent_id, account_key AS account
FROM broker_orders;
