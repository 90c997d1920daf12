"""Alerts as lines of the log."""

from __future__ import annotations

import contextlib
import logging

_LOG = logging.getLogger("tradebot.alerts")


class LogAlerts:
    """Writes each alert to the logger ``tradebot.alerts``."""

    def send(self, level: str, subject: str, body: str) -> None:
        """Log at ``level``, a name that logging knows; an unknown one counts as a warning. Never raises."""
        number = logging.getLevelNamesMapping().get(level.upper(), logging.WARNING)
        # A log handler is configured elsewhere and may fail in any way; an alert must not stop an order for that.
        with contextlib.suppress(Exception):
            _LOG.log(number, "%s: %s", subject, body)
