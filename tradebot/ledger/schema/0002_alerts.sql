-- Alerts, as they were raised; those that were told already are not raised again.
CREATE TABLE alerts (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    raised_at   TEXT NOT NULL CHECK (raised_at LIKE '____-__-__T__:__:__.______Z'),
    level       TEXT NOT NULL CHECK (level IN ('info', 'warning', 'critical')),
    title       TEXT NOT NULL,
    message     TEXT NOT NULL,
    key         TEXT NOT NULL                      -- what it is about; '' is a matter of its own
) STRICT;
CREATE INDEX alerts_key ON alerts (account_key, key, seq);

-- How far each alert has come on its way to the operator. Times are the machine's.
CREATE TABLE alert_posts (
    alert_id    INTEGER PRIMARY KEY REFERENCES alerts (seq),
    account_key TEXT NOT NULL REFERENCES accounts,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'kept')),
    since       TEXT NOT NULL CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_try    TEXT,
    settled     TEXT,
    CHECK ((settled IS NULL) = (state = 'waiting'))
) STRICT;
CREATE INDEX alert_posts_waiting ON alert_posts (alert_id) WHERE state = 'waiting';

-- Each try at handing an alert to a channel.
CREATE TABLE alert_attempts (
    seq         INTEGER PRIMARY KEY,
    account_key TEXT NOT NULL REFERENCES accounts,
    alert_id    INTEGER NOT NULL REFERENCES alert_posts,
    channel     TEXT NOT NULL,                     -- its name, which holds no secret
    at          TEXT NOT NULL CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    trouble     TEXT NOT NULL                      -- '' when the channel took it
) STRICT;
CREATE INDEX alert_attempts_alert ON alert_attempts (alert_id, seq);
CREATE UNIQUE INDEX alert_attempts_taken ON alert_attempts (alert_id, channel) WHERE trouble = '';

CREATE TRIGGER alerts_no_update BEFORE UPDATE ON alerts BEGIN
    SELECT RAISE(ABORT, 'alerts is append-only');
END;
CREATE TRIGGER alerts_no_delete BEFORE DELETE ON alerts BEGIN
    SELECT RAISE(ABORT, 'alerts is append-only');
END;

CREATE VIEW v_alerts AS
SELECT alerts.raised_at, alerts.level, alerts.title, alerts.message, alerts.key, alert_posts.state,
       alert_posts.attempts, alert_posts.settled, alerts.account_key AS account
FROM alerts LEFT JOIN alert_posts ON alert_posts.alert_id = alerts.seq;

CREATE VIEW v_alert_posts AS
SELECT alert_id, state, since, attempts, next_try, settled, account_key AS account FROM alert_posts;

CREATE VIEW v_alert_attempts AS
SELECT alert_id, channel, at, trouble, account_key AS account FROM alert_attempts;
