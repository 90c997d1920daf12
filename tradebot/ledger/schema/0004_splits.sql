-- From when shares are on the basis of a split: the fills since come after it, whenever they were booked. NULL, as for
-- splits of earlier versions, where it comes in the order of booking.
ALTER TABLE corporate_actions ADD COLUMN effective_at TEXT CHECK (effective_at LIKE '____-__-__T__:__:__.______Z');

DROP VIEW v_corporate_actions;
CREATE VIEW v_corporate_actions AS
SELECT session, at, symbol, CAST(ratio AS DOUBLE PRECISION) AS ratio,
       CAST(quantity_before AS DOUBLE PRECISION) AS quantity_before,
       CAST(quantity_after AS DOUBLE PRECISION) AS quantity_after, effective_at, strategy, event_id,
       account_key AS account
FROM corporate_actions;
