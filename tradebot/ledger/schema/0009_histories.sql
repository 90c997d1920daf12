-- The key of the rows that are an account's history now, beside its own.
DROP VIEW newest_rows;
CREATE VIEW newest_rows AS
SELECT accounts.account_key, COALESCE(later.account, accounts.history) AS account
FROM accounts LEFT JOIN (SELECT DISTINCT account_key, account FROM generations) AS later
    ON later.account_key = accounts.account_key
WHERE NOT EXISTS (SELECT 1 FROM generations WHERE generations.replaces = accounts.history);

DROP TRIGGER audit_of_replaced;
CREATE TRIGGER audit_of_replaced BEFORE INSERT ON audit
WHEN EXISTS (
    SELECT 1 FROM generations
    WHERE replaces = (SELECT history FROM accounts WHERE accounts.account_key = NEW.account_key)
) BEGIN
    SELECT RAISE(ABORT, 'this history of the account was replaced by a newer one');
END;
