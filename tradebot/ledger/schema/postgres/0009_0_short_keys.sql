-- Rows carry a short key, in the place of the key of their account's history, and hashes are packed (base64). What is
-- hashed and digested stays as it was.
CREATE TEMPORARY TABLE row_keys ON COMMIT DROP AS
SELECT account_key AS history, CAST(row_number() OVER (ORDER BY pinned_at, account_key) AS TEXT) AS row_key
FROM accounts;

ALTER TABLE accounts ADD COLUMN history TEXT COLLATE "C";
UPDATE accounts SET history = account_key;
ALTER TABLE accounts ALTER COLUMN history SET NOT NULL;
ALTER TABLE accounts ADD UNIQUE (history);

CREATE FUNCTION pg_temp.packed(hashed TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN hashed ~ '^[0-9a-f]{64}$' THEN rtrim(encode(decode(hashed, 'hex'), 'base64'), '=') ELSE hashed END
$$;

-- Each table is changed without its triggers and foreign keys, and then written anew in the order of its key.
DO $$
DECLARE
    part RECORD;
    foreign_keys TEXT[] := '{}';
BEGIN
    FOR part IN SELECT conname AS name, CAST(CAST(conrelid AS regclass) AS TEXT) AS place, pg_get_constraintdef(oid) AS rule
        FROM pg_constraint WHERE contype = 'f' AND connamespace = to_regnamespace(current_schema())
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', part.place, part.name);
        foreign_keys := foreign_keys || format('ALTER TABLE %s ADD CONSTRAINT %I %s', part.place, part.name, part.rule);
    END LOOP;
    FOR part IN SELECT relname AS name, indexrelid AS key
        FROM pg_class JOIN pg_index ON indrelid = pg_class.oid AND indisprimary
        JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'account_key'
        WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())
    LOOP
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', part.name);
        EXECUTE format('UPDATE %I SET account_key = row_key FROM row_keys WHERE account_key = row_keys.history', part.name);
        IF part.name = 'audit' THEN
            UPDATE audit SET digest = pg_temp.packed(digest), prev_hash = pg_temp.packed(prev_hash), hash = pg_temp.packed(hash);
        END IF;
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', part.name);
        EXECUTE format('CLUSTER %I USING %s', part.name, CAST(part.key AS regclass));
    END LOOP;
    FOR part IN SELECT unnest(foreign_keys) AS statement LOOP
        -- the generations name histories by their own keys
        EXECUTE CASE WHEN part.statement LIKE 'ALTER TABLE generations %FOREIGN KEY (account)%'
                OR part.statement LIKE 'ALTER TABLE generations %FOREIGN KEY (replaces)%'
            THEN replace(part.statement, 'accounts(account_key)', 'accounts(history)') ELSE part.statement END;
    END LOOP;
END
$$;

-- The id of an order is made of these columns, and unique by itself.
ALTER TABLE orders DROP CONSTRAINT orders_account_key_session_strategy_symbol_purpose_attempt_key;
