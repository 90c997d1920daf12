-- How far each limit was used, against its setting at that moment: {"MAX_POSITIONS": ["3", "10"], ...}, used and limit in
-- the unit of the setting. A look of a job adds a row of all limits, then rows of those whose use has risen since.
CREATE TABLE limits_used (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    used        TEXT NOT NULL CHECK (json_valid(used))
) STRICT;
CREATE INDEX limits_used_session ON limits_used (account_key, session);
CREATE TRIGGER limits_used_no_update BEFORE UPDATE ON limits_used BEGIN
    SELECT RAISE(ABORT, 'limits_used is append-only');
END;
CREATE TRIGGER limits_used_no_delete BEFORE DELETE ON limits_used BEGIN
    SELECT RAISE(ABORT, 'limits_used is append-only');
END;

CREATE VIEW v_limits_used AS
SELECT session, at, setting.key AS setting,
       CAST(json_extract(setting.value, '$[0]') AS DOUBLE PRECISION) AS used,
       CAST(json_extract(setting.value, '$[1]') AS DOUBLE PRECISION) AS limit_value, account_key AS account
FROM limits_used, json_each(limits_used.used) AS setting;
