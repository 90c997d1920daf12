-- The summary of a session is an alert of its own kind; NULL for all others. An attachment is the name of a file in the
-- home, which may be gone by the time that the alert leaves.
ALTER TABLE alerts ADD COLUMN kind TEXT CHECK (kind IN ('summary'));
ALTER TABLE alerts ADD COLUMN attachment TEXT;

DROP VIEW v_alerts;
CREATE VIEW v_alerts AS
SELECT alerts.raised_at, alerts.level, alerts.kind, alerts.title, alerts.message, alerts.key, alerts.attachment,
       alert_posts.state, alert_posts.attempts, alert_posts.settled, alerts.account_key AS account
FROM alerts LEFT JOIN alert_posts ON alert_posts.alert_id = alerts.seq;
