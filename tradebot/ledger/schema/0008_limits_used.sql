CREATE VIEW v_limits_used AS
SELECT session, at, setting.key AS setting,
       CAST(json_extract(setting.value, '$[0]') AS DOUBLE PRECISION) AS used,
       CAST(json_extract(setting.value, '$[1]') AS DOUBLE PRECISION) AS limit_value, account
FROM limits_used JOIN newest_rows USING (account_key), json_each(limits_used.used) AS setting;
