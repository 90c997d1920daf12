-- Lot closures by their time: a report reads them from the newest on.
CREATE INDEX trades_closed ON trades (account_key, closed_at);
