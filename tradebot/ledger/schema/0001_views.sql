-- For people and database browsers: plain names, and numbers as numbers.

CREATE VIEW v_orders AS
SELECT session, strategy, symbol, purpose, side, CAST(quantity AS DOUBLE PRECISION) AS quantity, type, time_in_force,
       CAST(limit_price AS DOUBLE PRECISION) AS limit_price, CAST(stop_price AS DOUBLE PRECISION) AS stop_price,
       CAST(stop_loss AS DOUBLE PRECISION) AS stop, CAST(take_profit AS DOUBLE PRECISION) AS target,
       CAST(planned_price AS DOUBLE PRECISION) AS planned_price, state,
       CAST(filled_quantity AS DOUBLE PRECISION) AS filled,
       CAST(average_fill_price AS DOUBLE PRECISION) AS fill_price,
       reason, note, written_at, moved_at, attempt, client_order_id, broker_order_id, account_key AS account
FROM orders;

CREATE VIEW v_broker_orders AS
SELECT symbol, side, role, type, time_in_force, state, held,
       CAST(quantity AS DOUBLE PRECISION) AS quantity, CAST(filled_quantity AS DOUBLE PRECISION) AS filled,
       CAST(limit_price AS DOUBLE PRECISION) AS limit_price, CAST(stop_price AS DOUBLE PRECISION) AS stop_price,
       CAST(average_fill_price AS DOUBLE PRECISION) AS fill_price, reason,
       submitted_at, first_seen, changed_at, client_order_id, broker_order_id, parent_id, account_key AS account
FROM broker_orders;

CREATE VIEW v_fills AS
SELECT session, at, strategy, symbol, side, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(price AS DOUBLE PRECISION) AS price, CAST(fee AS DOUBLE PRECISION) AS fee,
       fill_id, reverses, client_order_id, broker_order_id, account_key AS account
FROM fills;

CREATE VIEW v_trades AS
SELECT exit_session AS session, strategy, symbol, side, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(entry_price AS DOUBLE PRECISION) AS entry_price, CAST(exit_price AS DOUBLE PRECISION) AS exit_price,
       CAST(fees AS DOUBLE PRECISION) AS fees, CAST(pnl AS DOUBLE PRECISION) AS pnl,
       exit_reason, opened_at, closed_at, trade_id, reverses, account_key AS account
FROM trades;

CREATE VIEW v_lots AS
SELECT session, strategy, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(price AS DOUBLE PRECISION) AS price, CAST(fee AS DOUBLE PRECISION) AS fee,
       opened_at, lot_id, account_key AS account
FROM lots;

CREATE VIEW v_holdings AS
SELECT strategy, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(entry_price AS DOUBLE PRECISION) AS entry_price, CAST(stop_price AS DOUBLE PRECISION) AS stop,
       CAST(target_price AS DOUBLE PRECISION) AS target, CAST(high_water AS DOUBLE PRECISION) AS high_water,
       opened_session, sessions_held, policy, account_key AS account
FROM holdings;

CREATE VIEW v_positions AS
SELECT session, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(average_price AS DOUBLE PRECISION) AS average_price,
       CAST(market_price AS DOUBLE PRECISION) AS market_price, at, account_key AS account
FROM positions;

CREATE VIEW v_equity AS
SELECT session, at, CAST(equity AS DOUBLE PRECISION) AS equity, CAST(cash AS DOUBLE PRECISION) AS cash,
       CAST(long_value AS DOUBLE PRECISION) AS long_value, CAST(short_value AS DOUBLE PRECISION) AS short_value,
       CAST(last_equity AS DOUBLE PRECISION) AS previous_close,
       CAST(unprotected AS DOUBLE PRECISION) AS unprotected, account_key AS account
FROM equity;

CREATE VIEW v_cash_events AS
SELECT session, at, kind, CAST(amount AS DOUBLE PRECISION) AS amount, symbol, strategy, note, event_id,
       account_key AS account
FROM cash_events;

CREATE VIEW v_corporate_actions AS
SELECT session, at, symbol, CAST(ratio AS DOUBLE PRECISION) AS ratio,
       CAST(quantity_before AS DOUBLE PRECISION) AS quantity_before,
       CAST(quantity_after AS DOUBLE PRECISION) AS quantity_after, strategy, event_id, account_key AS account
FROM corporate_actions;

CREATE VIEW v_adjustments AS
SELECT session, at, symbol, CAST(quantity AS DOUBLE PRECISION) AS quantity, CAST(price AS DOUBLE PRECISION) AS price,
       CAST(amount AS DOUBLE PRECISION) AS amount, reason, strategy, adjustment_id, account_key AS account
FROM adjustments;

CREATE VIEW v_decisions AS
SELECT session, at, strategy, symbol, purpose, outcome, code, message, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, as_of, client_order_id, fingerprint, run_id,
       account_key AS account
FROM decisions;

CREATE VIEW denials AS
SELECT seq, account_key, run_id, session, at, strategy, symbol, purpose, code, message, value, limit_value
FROM decisions
WHERE outcome = 'denied';

CREATE VIEW v_denials AS
SELECT session, at, strategy, symbol, purpose, code, message, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, run_id, account_key AS account
FROM denials;

CREATE VIEW v_halts AS
SELECT rule, level, reason, since, session, until, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, latched_at, cleared_at, cleared_reason,
       account_key AS account
FROM halts;

CREATE VIEW v_breaks AS
SELECT kind, symbol, CAST(here AS DOUBLE PRECISION) AS here, CAST(there AS DOUBLE PRECISION) AS there, message,
       severity, first_seen, last_seen, age_sessions, opened_at, closed_at, account_key AS account
FROM breaks;

CREATE VIEW v_runs AS
SELECT run_id, job, session, status, exit_code, summary, started_at, ended_at, started_wall, ended_wall, pid,
       account_key AS account
FROM runs;
