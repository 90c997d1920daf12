CREATE VIEW v_decision_settings AS
SELECT digest, contents, account
FROM decision_settings JOIN newest_rows USING (account_key);
CREATE VIEW v_decision_inputs AS
SELECT session, at, as_of, sessions, settings, bars, balances, signals, quotes, run_id, account
FROM decision_inputs JOIN newest_rows USING (account_key);
