-- Why shares were closed, as one of few words, and the prices that they were closed by. NULL in rows of earlier versions.
ALTER TABLE orders ADD COLUMN exit_kind TEXT CHECK (exit_kind IN (
    'signal', 'time', 'stop', 'trailing_stop', 'target', 'emergency_stop', 'outside', 'corporate_action'));
ALTER TABLE trades ADD COLUMN exit_kind TEXT CHECK (exit_kind IN (
    'signal', 'time', 'stop', 'trailing_stop', 'target', 'emergency_stop', 'outside', 'corporate_action'));
ALTER TABLE trades ADD COLUMN stop_price TEXT;
ALTER TABLE trades ADD COLUMN target_price TEXT;
ALTER TABLE trades ADD COLUMN trailed_from TEXT;  -- the best price that the trailing stop was raised from
ALTER TABLE holdings ADD COLUMN trailed_from TEXT;  -- the best price that the stop was raised from last; NULL before

DROP VIEW v_trades;
CREATE VIEW v_trades AS
SELECT exit_session AS session, strategy, symbol, side, CAST(quantity AS DOUBLE PRECISION) AS quantity,
       CAST(entry_price AS DOUBLE PRECISION) AS entry_price, CAST(exit_price AS DOUBLE PRECISION) AS exit_price,
       CAST(fees AS DOUBLE PRECISION) AS fees, CAST(pnl AS DOUBLE PRECISION) AS pnl,
       exit_kind, CAST(stop_price AS DOUBLE PRECISION) AS stop, CAST(target_price AS DOUBLE PRECISION) AS target,
       CAST(trailed_from AS DOUBLE PRECISION) AS trailed_from,
       exit_reason, opened_at, closed_at, trade_id, reverses, account_key AS account
FROM trades;
