"""The services that Apprise knows (https://appriseit.com/services/)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from tradebot.alerts.messages import Message
from tradebot.core.results.alerts import AlertLevel

#: Seconds that Apprise waits for a connection, and for a response.
CONNECT_TIMEOUT, READ_TIMEOUT = 3, 4


@dataclass(frozen=True, slots=True)
class AppriseService:
    """A service by its Apprise URL."""

    url: str = field(repr=False)  # contains secrets

    def send(self, message: Message) -> str:
        """Send a message; returns the error, "" if the service accepted it. Raises whatever the service raises."""
        import apprise

        warning = _LastWarning()
        apprise.logger.propagate = False  # the error is returned; Apprise would log it several times
        logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug messages contain the URL
        apprise.logger.addHandler(warning)
        kinds: dict[AlertLevel, apprise.NotifyType] = {
            "summary": apprise.NotifyType.INFO,
            "info": apprise.NotifyType.INFO,
            "warning": apprise.NotifyType.WARNING,
            "critical": apprise.NotifyType.FAILURE,
        }
        try:
            service = apprise.Apprise.instantiate(
                _with_timeouts(self.url), asset=apprise.AppriseAsset(app_id="tradebot")
            )
            if service is None:
                return "Apprise does not understand its address; see https://appriseit.com/services/"
            is_accepted = service.notify(
                message.body,
                title=message.title,
                notify_type=kinds[message.level],
                body_format=apprise.NotifyFormat.TEXT,
            )
            return "" if is_accepted else warning.text or "the service refused it"
        finally:
            apprise.logger.removeHandler(warning)


def _with_timeouts(url: str) -> str:
    """Add Apprise's time-out parameters ``cto`` and ``rto`` to a URL that does not have them."""
    given = {pair.partition("=")[0] for pair in url.partition("?")[2].split("&")}
    timeouts = {"cto": CONNECT_TIMEOUT, "rto": READ_TIMEOUT}
    missing = [f"{name}={seconds}" for name, seconds in timeouts.items() if name not in given]
    return url + ("&" if "?" in url else "?") + "&".join(missing) if missing else url


class _LastWarning(logging.Handler):
    """Keeps the text of the last warning that Apprise logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = " ".join(record.getMessage().split())
