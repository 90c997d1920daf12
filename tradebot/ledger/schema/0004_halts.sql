-- How a halt ends where its rule leaves that open; NULL for halts of earlier versions, which end as they said.
ALTER TABLE halts ADD COLUMN ends TEXT CHECK (ends IN ('explained', 'resume'));
-- The run that was the first to explain everything since; the next one that does ends a halt that ends by that.
ALTER TABLE halts ADD COLUMN explained_in INTEGER;

-- Standing halts, of whatever latch, that the operator was told of. A row goes when he was told of the end.
CREATE TABLE told_halts (
    account_key TEXT NOT NULL REFERENCES accounts,
    halt_key    TEXT NOT NULL,
    told_at     TEXT NOT NULL CHECK (told_at LIKE '____-__-__T__:__:__.______Z'),
    what        TEXT NOT NULL,
    PRIMARY KEY (account_key, halt_key)
) STRICT;

DROP VIEW v_halts;
CREATE VIEW v_halts AS
SELECT rule, level, scope, scope_name, reason, since, session, until, CAST(value AS DOUBLE PRECISION) AS value,
       CAST(limit_value AS DOUBLE PRECISION) AS limit_value, ends, latched_at, cleared_at, cleared_reason,
       account_key AS account
FROM halts;

CREATE VIEW v_told_halts AS
SELECT halt_key, told_at, what, account_key AS account FROM told_halts;
