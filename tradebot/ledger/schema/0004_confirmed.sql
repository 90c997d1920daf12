-- A difference is a break once a second look has shown it too. Breaks of earlier versions were never in doubt.
ALTER TABLE breaks ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1 CHECK (confirmed IN (0, 1));

DROP VIEW v_breaks;
CREATE VIEW v_breaks AS
SELECT kind, symbol, CAST(here AS DOUBLE PRECISION) AS here, CAST(there AS DOUBLE PRECISION) AS there, message,
       severity, confirmed, CAST(dollars AS DOUBLE PRECISION) AS dollars, first_seen, last_seen, age_sessions, opened_at,
       closed_at, account_key AS account
FROM breaks;
