-- Indexes and views of numbered rows: a number is unique within its account alone.
DROP INDEX alert_posts_waiting;
CREATE INDEX alert_posts_waiting ON alert_posts (account_key, alert_id) WHERE state = 'waiting';
DROP INDEX alert_attempts_alert;
CREATE INDEX alert_attempts_alert ON alert_attempts (account_key, alert_id, seq);
DROP INDEX alert_attempts_taken;
CREATE UNIQUE INDEX alert_attempts_taken ON alert_attempts (account_key, alert_id, channel) WHERE trouble = '';

CREATE INDEX orders_session ON orders (account_key, session, seq);

DROP VIEW v_alerts;
CREATE VIEW v_alerts AS
SELECT alerts.raised_at, alerts.level, alerts.kind, alerts.title, alerts.message, alerts.key, alerts.attachment,
       alert_posts.state, alert_posts.attempts, alert_posts.settled, alerts.account_key AS account
FROM alerts LEFT JOIN alert_posts
    ON alert_posts.account_key = alerts.account_key AND alert_posts.alert_id = alerts.seq;

CREATE VIEW v_chain_starts AS
SELECT account_key AS account, seq, hash FROM chain_starts;
