"""Tells the operator of wrong tokens, through the spool of alerts: it needs no ledger and no lock of a job."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from tradebot.runtime.alerts import deliver, spool_alerts

if TYPE_CHECKING:
    from tradebot.ports import Clock
    from tradebot.settings import Settings

_LOG = logging.getLogger(__name__)


class WrongTokenAlerts:
    """Raises an alert in a thread of its own, one at a time, and delivers it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._telling = threading.Lock()

    def __call__(self, source: str, wrong: int) -> None:
        """Tell that so many wrong tokens came from a source. Never raises, and never waits."""
        if self._telling.acquire(blocking=False):
            threading.Thread(target=self._tell, args=(source, wrong), daemon=True).start()

    def _tell(self, source: str, wrong: int) -> None:
        try:
            spool_alerts(self._settings, "", self._clock).send(
                "warning",
                f"{wrong} wrong tokens from {source}",
                f"{source} tried {wrong} tokens or login codes that open nothing on the web server of "
                f"{self._settings.home}. None of them came in. If that was not you, see who reaches the server: "
                "`tradebot serve --tokens` and `--sessions` list what opens it, and WEB_HOST says who can call it.",
                key=f"wrong tokens from {source}",
            )
            deliver(self._settings, ledger=False)
        except Exception:  # noqa: BLE001 - nobody waits for it
            _LOG.exception("an alert of wrong tokens could not be raised")
        finally:
            self._telling.release()
