-- The views that show the keys of accounts and histories, whose rows have short ones.
DROP VIEW v_epochs;
CREATE VIEW v_epochs AS
SELECT epochs.number, epochs.pid, epochs.command, epochs.since, epochs.host, epochs.home_id,
       accounts.history AS account
FROM epochs JOIN accounts ON accounts.account_key = epochs.account_key;
DROP VIEW v_pins;
CREATE VIEW v_pins AS
SELECT pins.home_id, homes.host, homes.path, pins.broker, pins.mode, accounts.history AS account, pins.pinned_at
FROM pins JOIN accounts ON accounts.account_key = pins.account_key LEFT JOIN homes ON homes.home_id = pins.home_id;
