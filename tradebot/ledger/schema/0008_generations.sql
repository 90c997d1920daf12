-- The later generations of an account's history, each under a row key of its own: what `rebuild` made anew, or `restore`
-- took from a backup. The newest is the account's history now; the rows of the others stay, and none is added to them.
CREATE TABLE generations (
    account_key    TEXT NOT NULL REFERENCES accounts,  -- of the rows of this generation
    seq            INTEGER NOT NULL,
    account        TEXT NOT NULL REFERENCES accounts (account_key),
    generation     INTEGER NOT NULL CHECK (generation > 1),
    replaces       TEXT NOT NULL REFERENCES accounts (account_key),  -- the key of the rows that were the history before
    replaced_sound INTEGER NOT NULL CHECK (replaced_sound IN (0, 1)),  -- whether these could be proved then
    why            TEXT NOT NULL CHECK (why IN ('rebuild', 'restore')),
    at             TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq)
) STRICT;
CREATE INDEX generations_account ON generations (account, generation);
CREATE INDEX generations_replaces ON generations (replaces);
CREATE TRIGGER generations_no_update BEFORE UPDATE ON generations BEGIN
    SELECT RAISE(ABORT, 'generations is append-only');
END;
CREATE TRIGGER generations_no_delete BEFORE DELETE ON generations BEGIN
    SELECT RAISE(ABORT, 'generations is append-only');
END;
CREATE TRIGGER audit_of_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM generations WHERE replaces = NEW.account_key) BEGIN
    SELECT RAISE(ABORT, 'this history of the account was replaced by a newer one');
END;

-- The key of the rows that are an account's history now, beside its own.
CREATE VIEW newest_rows AS
SELECT accounts.account_key, COALESCE(later.account, accounts.account_key) AS account
FROM accounts LEFT JOIN (SELECT DISTINCT account_key, account FROM generations) AS later
    ON later.account_key = accounts.account_key
WHERE NOT EXISTS (SELECT 1 FROM generations WHERE generations.replaces = accounts.account_key);
