"""Alerts as lines of the log."""

from __future__ import annotations

import contextlib
import logging

from tradebot.core.results.alerts import AlertLevel

_LOG = logging.getLogger("tradebot.alerts")


class LogAlerts:
    """Writes each alert to the logger ``tradebot.alerts``."""

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "") -> None:
        """Log at ``level``. Never raises."""
        number = logging.getLevelNamesMapping()[level.upper()]
        # A log handler is configured elsewhere and may fail in any way; an alert must not stop an order for that.
        with contextlib.suppress(Exception):
            _LOG.log(number, "%s: %s", title, message)
