-- Halts of one strategy or symbol, and what a break is worth.

ALTER TABLE halts ADD COLUMN scope TEXT NOT NULL DEFAULT 'account' CHECK (scope IN ('account', 'strategy', 'symbol'));
ALTER TABLE halts ADD COLUMN scope_name TEXT NOT NULL DEFAULT '' CHECK ((scope = 'account') = (scope_name = ''));

ALTER TABLE breaks ADD COLUMN dollars TEXT NOT NULL DEFAULT '0' CHECK (dollars NOT LIKE '-%');

DROP VIEW v_halts;
CREATE VIEW v_halts AS
SELECT rule, level, scope, scope_name, reason, since, session, until, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, latched_at, cleared_at, cleared_reason,
       account_key AS account
FROM halts;

DROP VIEW v_breaks;
CREATE VIEW v_breaks AS
SELECT kind, symbol, CAST(here AS DOUBLE PRECISION) AS here, CAST(there AS DOUBLE PRECISION) AS there, message,
       severity, CAST(dollars AS DOUBLE PRECISION) AS dollars, first_seen, last_seen, age_sessions, opened_at,
       closed_at, account_key AS account
FROM breaks;
