-- Of each home and each (broker, mode): the only account that may trade there. The home "" stands for the one of a
-- ledger that knew no home yet; the first that it gets to know takes its place.
CREATE TABLE pins (
    home_id     TEXT NOT NULL,
    broker      TEXT NOT NULL,
    mode        TEXT NOT NULL,
    account_key TEXT NOT NULL REFERENCES accounts,
    pinned_at   TEXT NOT NULL CHECK (pinned_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (home_id, broker, mode)
) STRICT;
CREATE INDEX pins_account ON pins (account_key);

-- A home used an account if it noted a head of its chain; the only home used all of them. Homes are counted by ``since``.
INSERT INTO pins
SELECT homes.home_id, accounts.broker, accounts.mode, accounts.account_key, accounts.pinned_at
FROM homes, accounts
WHERE accounts.pinned = 1 AND (
    (SELECT COUNT(*) FROM homes) = 1
    OR EXISTS (
        SELECT 1 FROM audit
        WHERE audit.account_key = accounts.account_key AND audit.kind = 'head_kept'
            AND json_extract(audit.detail, '$.home') = (
                SELECT COUNT(*) FROM homes AS others
                WHERE (others.since, others.home_id) <= (homes.since, homes.home_id))));
INSERT INTO pins
SELECT '', broker, mode, account_key, pinned_at
FROM accounts WHERE pinned = 1 AND NOT EXISTS (SELECT 1 FROM homes);

DROP INDEX accounts_pinned;
ALTER TABLE accounts DROP COLUMN pinned;

-- The machine of a home: two machines may have homes under one path. "" for one that an earlier version added.
ALTER TABLE homes ADD COLUMN host TEXT NOT NULL DEFAULT '';

-- The home that a run was begun in: only there can it be told whether it died. "" for a run of an earlier version.
ALTER TABLE runs ADD COLUMN home_id TEXT NOT NULL DEFAULT '';
