-- Days on which the broker's calendar differs, or once differed, from the installed one: what it said last. A day that
-- has passed stays as it is. Without opens and closes the exchange is closed all day.
CREATE TABLE calendar_days (
    account_key TEXT NOT NULL REFERENCES accounts,
    day         TEXT NOT NULL CHECK (day LIKE '____-__-__'),    -- of New York
    opens       TEXT CHECK (opens LIKE '____-__-__T__:__:__.______Z'),
    closes      TEXT CHECK (closes LIKE '____-__-__T__:__:__.______Z'),
    half_day    INTEGER NOT NULL CHECK (half_day IN (0, 1)),
    seen_at     TEXT NOT NULL CHECK (seen_at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, day),
    CHECK ((opens IS NULL) = (closes IS NULL))
) STRICT;

CREATE VIEW v_calendar_days AS
SELECT day, opens, closes, half_day, seen_at, account_key AS account FROM calendar_days;
