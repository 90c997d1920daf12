"""The text of a message to the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tradebot.core.model.account_numbers import shown_key
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.history_keys import account_of
from tradebot.core.model.texts import encodable
from tradebot.core.results.alerts import AlertLevel, QueuedAlert


@dataclass(frozen=True, slots=True)
class Message:
    """A message for a channel, in plain text."""

    level: AlertLevel
    title: str
    body: str
    since: datetime  # wall-clock time at which it was queued, aware UTC
    page: Page | None = None  # mail alone carries it


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page beside a message."""

    name: str  # of the file
    html: str


def message_of(queued: QueuedAlert, home: str, head: str = "", page: Page | None = None) -> Message:
    """The message for an alert: its text, then time (New York), account and home, and the ledger's chain head."""
    alert = queued.alert
    when = f"{alert.raised_at.astimezone(NEW_YORK):%A %Y-%m-%d %H:%M} New York time"
    account = f", account {shown_key(account_of(queued.account_key))}" if queued.account_key else ""
    ledger = f"\nledger head {head}" if head else ""
    body = encodable(f"{alert.message}\n\n{when}{account}, home {home}{ledger}")
    return Message(alert.level, encodable(f"tradebot {alert.level}: {alert.title}"), body, queued.since, page)
