-- Why shares were closed, as one of few words, and the prices that they were closed by. NULL in rows of earlier versions.
ALTER TABLE orders ADD COLUMN exit_kind TEXT CHECK (exit_kind IN (
    'signal', 'time', 'stop', 'trailing_stop', 'target', 'emergency_stop', 'outside', 'corporate_action'));
ALTER TABLE trades ADD COLUMN exit_kind TEXT CHECK (exit_kind IN (
    'signal', 'time', 'stop', 'trailing_stop', 'target', 'emergency_stop', 'outside', 'corporate_action'));
ALTER TABLE trades ADD COLUMN stop_price TEXT;
ALTER TABLE trades ADD COLUMN target_price TEXT;
ALTER TABLE trades ADD COLUMN trailed_from TEXT;  -- the best price that the trailing stop was raised from
ALTER TABLE holdings ADD COLUMN trailed_from TEXT;  -- the best price that the stop was raised from last; NULL before
