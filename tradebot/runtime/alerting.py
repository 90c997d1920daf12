"""Word to the operator: where alerts wait."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tradebot.alerts.outbox_alerts import OutboxAlerts, SpoolAlerts
from tradebot.alerts.spool import Spool
from tradebot.home import layout
from tradebot.ledger.database import AccountLedger
from tradebot.ports import Alerts, Clock
from tradebot.settings import Redactor, Settings


@cache
def spool_of(home: Path) -> Spool:
    """One a home and process: it holds in memory what cannot be written."""
    return Spool(layout.spool_file(home))


def outbox_alerts(settings: Settings, ledger: AccountLedger, clock: Clock, *, silent: bool = False) -> Alerts:
    """Alerts through the ledger; ``silent`` ones are stored, and nobody is told."""
    redact = Redactor(settings.secrets())
    return OutboxAlerts(ledger.outbox, spool_of(settings.home), ledger.account_key, clock, redact, silent=silent)


def spool_alerts(settings: Settings, account_key: str, clock: Clock) -> Alerts:
    """Alerts without a ledger."""
    return SpoolAlerts(spool_of(settings.home), account_key, clock, Redactor(settings.secrets()))
