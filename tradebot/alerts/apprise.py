"""Sending a message through a channel with Apprise, within a time limit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from tradebot.alerts.channels import Channel
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.results.alerts import Alert, AlertLevel

#: Seconds that Apprise waits for a connection, and for a response.
CONNECT_TIMEOUT, READ_TIMEOUT = 3, 4

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """A message for a channel, in plain text."""

    level: AlertLevel
    title: str
    body: str


def send_message(channel: Channel, message: Message, seconds: float, redact: Callable[[str], str]) -> str:
    """Send a message; returns the error without secrets, "" if the channel accepted it. Gives up after ``seconds``.

    A channel that did not answer in time may have accepted the message. It is sent again later: twice is better than
    never.
    """
    results: list[str] = []
    thread = Thread(target=lambda: results.append(_notify(channel, message)), daemon=True)
    thread.start()
    thread.join(seconds)
    return redact(results[0]) if results else f"did not answer within {seconds:.0f} seconds"


def _notify(channel: Channel, message: Message) -> str:
    warning = _LastWarning()
    try:
        import apprise

        apprise.logger.propagate = False  # the error is returned; Apprise would log it several times
        logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug messages contain the URL
        apprise.logger.addHandler(warning)
        kinds: dict[AlertLevel, apprise.NotifyType] = {
            "info": apprise.NotifyType.INFO,
            "warning": apprise.NotifyType.WARNING,
            "critical": apprise.NotifyType.FAILURE,
        }
        service = apprise.Apprise.instantiate(
            _with_timeouts(channel.url), asset=apprise.AppriseAsset(app_id="tradebot")
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
    except Exception as error:  # noqa: BLE001 - each service has errors of its own, and none may end a job
        _LOG.debug("channel %s", channel.name, exc_info=error)
        return f"{type(error).__name__}: {error}"
    finally:
        logging.getLogger("apprise").removeHandler(warning)


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


def message_of(alert: Alert, account_key: str, home: str) -> Message:
    """The message for an alert: its text, then time (New York), account and home."""
    when = f"{alert.raised_at.astimezone(NEW_YORK):%A %Y-%m-%d %H:%M} New York time"
    account = f", account {account_key}" if account_key else ""
    body = f"{alert.message}\n\n{when}{account}, home {home}"
    return Message(alert.level, f"tradebot {alert.level}: {alert.title}", body)
