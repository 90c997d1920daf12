-- The key of the rows that are an account's history now, beside its own.
CREATE VIEW newest_rows AS
SELECT accounts.account_key, COALESCE(later.account, accounts.account_key) AS account
FROM accounts LEFT JOIN (SELECT DISTINCT account_key, account FROM generations) AS later
    ON later.account_key = accounts.account_key
WHERE NOT EXISTS (SELECT 1 FROM generations WHERE generations.replaces = accounts.account_key);

CREATE VIEW v_limits_used AS
SELECT session, at, setting.key AS setting,
       CAST(setting.value ->> 0 AS DOUBLE PRECISION) AS used,
       CAST(setting.value ->> 1 AS DOUBLE PRECISION) AS limit_value, account
FROM limits_used JOIN newest_rows USING (account_key), json_each(CAST(limits_used.used AS json)) AS setting;
