-- The last price of the symbol before an order left, and when that was seen: slippage is measured from it. Orders of
-- earlier versions, and those that rebuild recovers, have none.
ALTER TABLE orders ADD COLUMN sent_price TEXT;
ALTER TABLE orders ADD COLUMN sent_price_at TEXT CHECK (sent_price_at LIKE '____-__-__T__:__:__.______Z');

DROP VIEW v_orders;
CREATE VIEW v_orders AS
SELECT session, strategy, symbol, purpose, side, CAST(quantity AS DOUBLE PRECISION) AS quantity, type, time_in_force,
       CAST(limit_price AS DOUBLE PRECISION) AS limit_price, CAST(stop_price AS DOUBLE PRECISION) AS stop_price,
       CAST(stop_loss AS DOUBLE PRECISION) AS stop, CAST(take_profit AS DOUBLE PRECISION) AS target,
       CAST(planned_price AS DOUBLE PRECISION) AS planned_price, CAST(sent_price AS DOUBLE PRECISION) AS sent_price,
       state, CAST(filled_quantity AS DOUBLE PRECISION) AS filled,
       CAST(average_fill_price AS DOUBLE PRECISION) AS fill_price,
       reason, note, written_at, sent_at, moved_at, attempt, client_order_id, broker_order_id, account_key AS account
FROM orders;
