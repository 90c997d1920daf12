-- The views for people and their tools, on both engines: plain names, figures as numbers, and of each account the rows
-- of its newest history alone.
CREATE VIEW v_fills AS
SELECT session, at, strategy, symbol, side, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(price AS DOUBLE PRECISION) AS price, CAST(fee AS DOUBLE PRECISION) AS fee,
       fill_id, reverses, client_order_id, broker_order_id, account
FROM fills JOIN newest_rows USING (account_key);
CREATE VIEW v_lots AS
SELECT session, strategy, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(price AS DOUBLE PRECISION) AS price, CAST(fee AS DOUBLE PRECISION) AS fee,
       opened_at, lot_id, account
FROM lots JOIN newest_rows USING (account_key);
CREATE VIEW v_holdings AS
SELECT strategy, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(entry_price AS DOUBLE PRECISION) AS entry_price, CAST(stop_price AS DOUBLE PRECISION) AS stop,
       CAST(target_price AS DOUBLE PRECISION) AS target, CAST(high_water AS DOUBLE PRECISION) AS high_water,
       opened_session, sessions_held, policy, account
FROM holdings JOIN newest_rows USING (account_key);
CREATE VIEW v_positions AS
SELECT session, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(average_price AS DOUBLE PRECISION) AS average_price,
       CAST(market_price AS DOUBLE PRECISION) AS market_price, at, account
FROM positions JOIN newest_rows USING (account_key);
CREATE VIEW v_equity AS
SELECT session, at, CAST(equity AS DOUBLE PRECISION) AS equity, CAST(cash AS DOUBLE PRECISION) AS cash,
       CAST(long_value AS DOUBLE PRECISION) AS long_value, CAST(short_value AS DOUBLE PRECISION) AS short_value,
       CAST(last_equity AS DOUBLE PRECISION) AS previous_close,
       CAST(unprotected AS DOUBLE PRECISION) AS unprotected, account
FROM equity JOIN newest_rows USING (account_key);
CREATE VIEW v_cash_events AS
SELECT session, at, kind, CAST(amount AS DOUBLE PRECISION) AS amount, symbol, strategy, note, event_id,
       account
FROM cash_events JOIN newest_rows USING (account_key);
CREATE VIEW v_adjustments AS
SELECT session, at, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity, CAST(price AS DOUBLE PRECISION) AS price,
       CAST(amount AS DOUBLE PRECISION) AS amount, reason, strategy, adjustment_id, account
FROM adjustments JOIN newest_rows USING (account_key);
CREATE VIEW v_decisions AS
SELECT session, at, strategy, symbol, purpose, outcome, code, message, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, as_of, client_order_id, fingerprint, run_id,
       account
FROM decisions JOIN newest_rows USING (account_key);
CREATE VIEW denials AS
SELECT seq, account_key, run_id, session, at, strategy, symbol, purpose, code, message, value, limit_value
FROM decisions
WHERE outcome = 'denied';
CREATE VIEW v_denials AS
SELECT session, at, strategy, symbol, purpose, code, message, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, run_id, account
FROM denials JOIN newest_rows USING (account_key);
CREATE VIEW v_alert_posts AS
SELECT alert_id, state, since, attempts, next_try, settled, account
FROM alert_posts JOIN newest_rows USING (account_key);
CREATE VIEW v_alert_attempts AS
SELECT alert_id, channel, at, trouble, account FROM alert_attempts JOIN newest_rows USING (account_key);
CREATE VIEW v_strategy_sessions AS
SELECT strategy, fingerprint, MIN(session) AS first_session, MAX(session) AS last_session, COUNT(*) AS sessions,
       account
FROM strategy_sessions JOIN newest_rows USING (account_key) GROUP BY account, strategy, fingerprint;
CREATE VIEW v_schedule AS
SELECT keeping, since, unsettled, account FROM schedule JOIN newest_rows USING (account_key);
CREATE VIEW v_missed AS
SELECT seq, session, job, noticed_at, account FROM missed JOIN newest_rows USING (account_key);
CREATE VIEW v_broker_orders AS
SELECT symbol, side, role, type, time_in_force, state, held,
       CAST(quantity AS DOUBLE PRECISION) AS quantity, CAST(filled_quantity AS DOUBLE PRECISION) AS filled,
       CAST(limit_price AS DOUBLE PRECISION) AS limit_price, CAST(stop_price AS DOUBLE PRECISION) AS stop_price,
       CAST(average_fill_price AS DOUBLE PRECISION) AS fill_price, reason,
       submitted_at, first_seen, changed_at, client_order_id, broker_order_id, parent_id, account
FROM broker_orders JOIN newest_rows USING (account_key);
CREATE VIEW v_bare_periods AS
SELECT session, strategy, symbol, CAST(shares AS DOUBLE PRECISION) AS shares,
       CAST(dollars AS DOUBLE PRECISION) AS dollars, began_at, ended_at, account
FROM bare_periods JOIN newest_rows USING (account_key);
CREATE VIEW v_calendar_days AS
SELECT day, opens, closes, half_day, seen_at, account FROM calendar_days JOIN newest_rows USING (account_key);
CREATE VIEW v_breaks AS
SELECT kind, symbol, CAST(here AS DOUBLE PRECISION) AS here, CAST(there AS DOUBLE PRECISION) AS there, message,
       severity, confirmed, CAST(dollars AS DOUBLE PRECISION) AS dollars, first_seen, last_seen, age_sessions,
       opened_at, closed_at, account
FROM breaks JOIN newest_rows USING (account_key);
CREATE VIEW v_halts AS
SELECT rule, level, scope, scope_name, reason, since, session, until, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, ends, latched_at, cleared_at, cleared_reason,
       account
FROM halts JOIN newest_rows USING (account_key);
CREATE VIEW v_told_halts AS
SELECT halt_key, told_at, what, account FROM told_halts JOIN newest_rows USING (account_key);
CREATE VIEW v_openings AS
SELECT session, at, CAST(equity AS DOUBLE PRECISION) AS equity, CAST(cash AS DOUBLE PRECISION) AS cash, positions,
       orders, cursor, account
FROM openings JOIN newest_rows USING (account_key);
CREATE VIEW v_reorganisations AS
SELECT session, at, kind, symbol, new_symbol, CAST(ratio AS DOUBLE PRECISION) AS ratio,
       CAST(quantity_before AS DOUBLE PRECISION) AS quantity_before,
       CAST(quantity_after AS DOUBLE PRECISION) AS quantity_after, CAST(cash AS DOUBLE PRECISION) AS cash,
       CAST(price AS DOUBLE PRECISION) AS price, effective_at, strategy, event_id, account
FROM reorganisations JOIN newest_rows USING (account_key);
CREATE VIEW v_asset_ids AS
SELECT symbol, asset_id, seen_at, account
FROM asset_ids JOIN newest_rows USING (account_key);
CREATE VIEW v_corporate_actions AS
SELECT session, at, symbol, CAST(ratio AS DOUBLE PRECISION) AS ratio,
       CAST(quantity_before AS DOUBLE PRECISION) AS quantity_before,
       CAST(quantity_after AS DOUBLE PRECISION) AS quantity_after, effective_at, strategy, event_id,
       account
FROM corporate_actions JOIN newest_rows USING (account_key);
CREATE VIEW v_strategy_versions AS
SELECT strategy, fingerprint, earlier_fingerprint, files, changed AS changed_parameters, account
FROM strategy_versions JOIN newest_rows USING (account_key);
CREATE VIEW v_closes AS
SELECT session, at, CAST(equity AS DOUBLE PRECISION) AS equity, CAST(cash AS DOUBLE PRECISION) AS cash,
       CAST(long_value AS DOUBLE PRECISION) AS long_value, CAST(short_value AS DOUBLE PRECISION) AS short_value,
       source, prices, account
FROM closes JOIN newest_rows USING (account_key);
CREATE VIEW v_trades AS
SELECT exit_session AS session, strategy, symbol, side, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(entry_price AS DOUBLE PRECISION) AS entry_price, CAST(exit_price AS DOUBLE PRECISION) AS exit_price,
       CAST(fees AS DOUBLE PRECISION) AS fees, CAST(pnl AS DOUBLE PRECISION) AS pnl,
       exit_kind, CAST(stop_price AS DOUBLE PRECISION) AS stop, CAST(target_price AS DOUBLE PRECISION) AS target,
       CAST(trailed_from AS DOUBLE PRECISION) AS trailed_from,
       exit_reason, opened_at, closed_at, trade_id, reverses, account
FROM trades JOIN newest_rows USING (account_key);
CREATE VIEW v_last_looks AS SELECT at, open_orders, account FROM last_looks JOIN newest_rows USING (account_key);
CREATE VIEW v_orders AS
SELECT session, strategy, symbol, purpose, side, CAST(quantity AS DOUBLE PRECISION) AS quantity, type, time_in_force,
       CAST(limit_price AS DOUBLE PRECISION) AS limit_price, CAST(stop_price AS DOUBLE PRECISION) AS stop_price,
       CAST(stop_loss AS DOUBLE PRECISION) AS stop, CAST(take_profit AS DOUBLE PRECISION) AS target,
       CAST(planned_price AS DOUBLE PRECISION) AS planned_price, CAST(sent_price AS DOUBLE PRECISION) AS sent_price,
       state, CAST(filled_quantity AS DOUBLE PRECISION) AS filled,
       CAST(average_fill_price AS DOUBLE PRECISION) AS fill_price,
       reason, note, written_at, sent_at, moved_at, attempt, client_order_id, broker_order_id, account
FROM orders JOIN newest_rows USING (account_key);
CREATE VIEW v_signals AS
SELECT session, at, strategy, as_of, fault, given, fingerprint, run_id, account
FROM signals JOIN newest_rows USING (account_key);
CREATE VIEW v_alerts AS
SELECT alerts.raised_at, alerts.level, alerts.kind, alerts.title, alerts.message, alerts.key, alerts.attachment,
       alert_posts.state, alert_posts.attempts, alert_posts.settled, account
FROM alerts JOIN newest_rows USING (account_key) LEFT JOIN alert_posts
    ON alert_posts.account_key = alerts.account_key AND alert_posts.alert_id = alerts.seq;
CREATE VIEW v_chain_starts AS
SELECT account, seq, hash FROM chain_starts JOIN newest_rows USING (account_key);
CREATE VIEW v_epochs AS
SELECT number, pid, command, since, host, home_id, account_key AS account FROM epochs;
CREATE VIEW v_generations AS
SELECT account, generation, why, at, replaces, replaced_sound, account_key AS row_key FROM generations;
CREATE VIEW v_homes AS
SELECT home_id, host, path, since FROM homes;
CREATE VIEW v_runs AS
SELECT run_id, job, session, status, exit_code, summary, started_at, ended_at, started_wall, ended_wall, pid,
       account, home_id
FROM runs JOIN newest_rows USING (account_key);
CREATE VIEW v_moves AS
SELECT place, at, account FROM moves JOIN newest_rows USING (account_key);
CREATE VIEW v_pins AS
SELECT pins.home_id, homes.host, homes.path, pins.broker, pins.mode, pins.account_key AS account, pins.pinned_at
FROM pins LEFT JOIN homes ON homes.home_id = pins.home_id;
