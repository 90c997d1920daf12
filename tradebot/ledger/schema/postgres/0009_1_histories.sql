-- The key of the rows that are an account's history now, beside its own.
CREATE OR REPLACE VIEW newest_rows AS
SELECT accounts.account_key, COALESCE(later.account, accounts.history) AS account
FROM accounts LEFT JOIN (SELECT DISTINCT account_key, account FROM generations) AS later
    ON later.account_key = accounts.account_key
WHERE NOT EXISTS (SELECT 1 FROM generations WHERE generations.replaces = accounts.history);

CREATE OR REPLACE FUNCTION refuse_replaced_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM generations
        WHERE replaces = (SELECT history FROM accounts WHERE accounts.account_key = NEW.account_key)
    ) THEN
        RAISE EXCEPTION 'this history of the account was replaced by a newer one'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
