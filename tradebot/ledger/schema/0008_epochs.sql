-- Which process took an account last, on whatever host. One that took it before can store nothing about orders any more.
CREATE TABLE epochs (
    account_key TEXT PRIMARY KEY REFERENCES accounts,
    number      INTEGER NOT NULL CHECK (number > 0),
    pid         INTEGER NOT NULL,
    command     TEXT NOT NULL,
    since       TEXT NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    host        TEXT NOT NULL,
    home_id     TEXT NOT NULL
) STRICT;
CREATE TRIGGER epochs_rise BEFORE UPDATE ON epochs WHEN NEW.number <= OLD.number BEGIN
    SELECT RAISE(ABORT, 'an epoch only rises');
END;
CREATE TRIGGER epochs_no_delete BEFORE DELETE ON epochs BEGIN
    SELECT RAISE(ABORT, 'an epoch only rises');
END;
