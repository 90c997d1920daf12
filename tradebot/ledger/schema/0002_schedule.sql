-- By which clock a run kept the schedule, and when it began by that clock: the machine's, or that of an exchange whose
-- sessions are begun by hand. Runs of earlier versions have neither.
ALTER TABLE runs ADD COLUMN keeping TEXT CHECK (keeping IN ('wall', 'desk'));
ALTER TABLE runs ADD COLUMN turn_at TEXT CHECK (turn_at LIKE '____-__-__T__:__:__.______Z');
CREATE INDEX runs_turn ON runs (account_key, keeping, turn_at);

-- Since when an account keeps the schedule by a clock, and the first session of which not every job is settled yet.
CREATE TABLE schedule (
    account_key TEXT NOT NULL REFERENCES accounts,
    keeping     TEXT NOT NULL CHECK (keeping IN ('wall', 'desk')),
    since       TEXT NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    unsettled   TEXT NOT NULL CHECK (unsettled LIKE '____-__-__'),
    PRIMARY KEY (account_key, keeping)
) STRICT;

-- Jobs that no run did in their session, and that none will make up for.
CREATE TABLE missed (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    turn        TEXT NOT NULL,                     -- clock, session and job, in one
    keeping     TEXT NOT NULL CHECK (keeping IN ('wall', 'desk')),
    session     TEXT NOT NULL CHECK (session LIKE '____-__-__'),
    job         TEXT NOT NULL,
    noticed_at  TEXT NOT NULL CHECK (noticed_at LIKE '____-__-__T__:__:__.______Z'),
    UNIQUE (account_key, turn)
) STRICT;
CREATE INDEX missed_session ON missed (account_key, keeping, session);

CREATE TRIGGER missed_no_update BEFORE UPDATE ON missed BEGIN
    SELECT RAISE(ABORT, 'missed is append-only');
END;
CREATE TRIGGER missed_no_delete BEFORE DELETE ON missed BEGIN
    SELECT RAISE(ABORT, 'missed is append-only');
END;

CREATE VIEW v_schedule AS SELECT * FROM schedule;

CREATE VIEW v_missed AS
SELECT seq, account_key, session, job, noticed_at FROM missed;
