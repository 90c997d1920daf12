-- The orders that were open at the broker in the newest look at each account. Where the broker is out of reach, they are
-- what was known last.
CREATE TABLE last_looks (
    account_key TEXT PRIMARY KEY REFERENCES accounts,
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    open_orders TEXT NOT NULL  -- their broker_order_ids, as a JSON array
) STRICT;

CREATE VIEW v_last_looks AS SELECT at, open_orders, account_key AS account FROM last_looks;
