"""An alert as the operator reads it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from tradebot.alerts.apprise import Message
from tradebot.core.results.alerts import Alert

_NEW_YORK = ZoneInfo("America/New_York")


def message_of(alert: Alert, account_key: str, home: str) -> Message:
    """What happened first; at the end when, and to which account of which home."""
    when = f"{alert.raised_at.astimezone(_NEW_YORK):%A %Y-%m-%d %H:%M} New York time"
    whose = f", account {account_key}" if account_key else ""
    body = f"{alert.message}\n\n{when}{whose}, home {home}"
    return Message(alert.level, f"tradebot {alert.level}: {alert.title}", body)
