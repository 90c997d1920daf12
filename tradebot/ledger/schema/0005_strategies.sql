-- What each strategy was when it first spoke with a fingerprint: the digest of each file that decides, and the parameters
-- that are not the manifest's defaults. The earlier fingerprint is the one by the rule of schema 4, under which the rows
-- of strategy_sessions without a version were counted.
CREATE TABLE strategy_versions (
    seq                 INTEGER PRIMARY KEY,
    account_key         TEXT NOT NULL REFERENCES accounts,
    strategy            TEXT NOT NULL,
    fingerprint         TEXT NOT NULL,
    earlier_fingerprint TEXT NOT NULL,
    files               TEXT NOT NULL CHECK (json_valid(files)),
    changed             TEXT NOT NULL CHECK (json_valid(changed)),
    UNIQUE (account_key, strategy, fingerprint)
) STRICT;
CREATE TRIGGER strategy_versions_no_update BEFORE UPDATE ON strategy_versions BEGIN
    SELECT RAISE(ABORT, 'strategy_versions is append-only');
END;
CREATE TRIGGER strategy_versions_no_delete BEFORE DELETE ON strategy_versions BEGIN
    SELECT RAISE(ABORT, 'strategy_versions is append-only');
END;

CREATE VIEW v_strategy_versions AS
SELECT strategy, fingerprint, earlier_fingerprint, files, changed AS changed_parameters, account_key AS account
FROM strategy_versions;
