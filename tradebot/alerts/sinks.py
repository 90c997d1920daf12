"""Implementations of the Alerts port. Delivery of the outbox comes after trading."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

from tradebot.alerts.spool import Spool
from tradebot.core.results.alerts import Alert, AlertLevel, DeliveryState, should_raise
from tradebot.errors import LedgerError
from tradebot.ledger.outbox import Outbox
from tradebot.ports import Clock

_LOG = logging.getLogger(__name__)

Redact = Callable[[str], str]


class OutboxAlerts:
    """The Alerts port of a job with a ledger. Alerts that the ledger cannot store go to the spool.

    silent: store alerts but never deliver them, for replays.
    """

    def __init__(
        self, outbox: Outbox, spool: Spool, account_key: str, clock: Clock, redact: Redact, *, silent: bool = False
    ) -> None:
        self._outbox = outbox
        self._spool = SpoolAlerts(spool, account_key, clock, redact)
        self._log = LogAlerts()
        self._clock = clock
        self._redact = redact
        self._state = DeliveryState.KEPT if silent else DeliveryState.WAITING

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "", attachment: str = "") -> None:
        """Redact, store and log an alert, unless one of the same ``key`` is recent enough. Never raises LedgerError."""
        redact, now = self._redact, self._clock.now()
        alert = Alert(level, redact(title), redact(message), now, redact(key), attachment)
        try:
            is_new = self._outbox.put(alert, self._clock.wall(), self._state)
        except LedgerError as error:
            _LOG.warning("an alert could not go into the ledger: %s", error)
            self._spool.send(level, title, message, key=key, attachment=attachment)
            return
        if is_new:
            self._log.send(level, alert.title, alert.message, key=alert.key)


class SpoolAlerts:
    """The Alerts port of a job without a ledger."""

    def __init__(self, spool: Spool, account_key: str, clock: Clock, redact: Redact) -> None:
        self._spool = spool
        self._account_key = account_key
        self._clock = clock
        self._redact = redact
        self._log = LogAlerts()

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "", attachment: str = "") -> None:
        """Redact, spool and log an alert, unless one of the same ``key`` is recent enough. Never raises OSError."""
        redact, now = self._redact, self._clock.now()
        alert = Alert(level, redact(title), redact(message), now, redact(key), attachment)
        if alert.key and not should_raise(level, self._spool.newest(alert.key), alert.raised_at):
            return
        self._log.send(level, alert.title, alert.message, key=key)
        self._spool.add(self._account_key, alert, self._clock.wall())


_LOG = logging.getLogger("tradebot.alerts")


class LogAlerts:
    """The Alerts port that only logs, to the logger ``tradebot.alerts``."""

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "", attachment: str = "") -> None:
        """Log at ``level``. Never raises."""
        number = logging.INFO if level == "summary" else logging.getLevelNamesMapping()[level.upper()]
        # A log handler may raise any error; an alert must not stop an order because of one.
        with contextlib.suppress(Exception):
            _LOG.log(number, "%s: %s", title, message)
