-- Where an account lives since its ledger was copied there: nothing is written about it here any more. An empty place is
-- this ledger again.
CREATE TABLE moves (
    account_key TEXT NOT NULL REFERENCES accounts,
    seq         INTEGER NOT NULL,
    place       TEXT NOT NULL,  -- as it may be shown: without a password
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    PRIMARY KEY (account_key, seq)
) STRICT;
CREATE TRIGGER moves_no_update BEFORE UPDATE ON moves BEGIN
    SELECT RAISE(ABORT, 'moves is append-only');
END;
CREATE TRIGGER moves_no_delete BEFORE DELETE ON moves BEGIN
    SELECT RAISE(ABORT, 'moves is append-only');
END;
CREATE TRIGGER audit_of_moved BEFORE INSERT ON audit
WHEN NEW.kind <> 'account_moved'
    AND (SELECT place FROM moves WHERE account_key = NEW.account_key ORDER BY seq DESC LIMIT 1) <> '' BEGIN
    SELECT RAISE(ABORT, 'the account lives in another ledger');
END;
