"""Handing a message to a channel, by way of Apprise, and never waiting for it longer than was agreed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from tradebot.alerts.channels import Channel
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.results.alerts import Alert, AlertLevel

#: Seconds to wait for a connection, and for an answer over one.
CONNECT_TIMEOUT, READ_TIMEOUT = 3, 4

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is given."""

    level: AlertLevel
    title: str
    body: str


def send_message(channel: Channel, message: Message, seconds: float, redact: Callable[[str], str]) -> str:
    """Send a message and say what went wrong, "" when it was taken. Gives up after ``seconds``.

    Who does not answer in time may still have got it: then it is sent again, for twice is better than never.
    """
    answers: list[str] = []
    thread = Thread(target=lambda: answers.append(_notify(channel, message)), daemon=True)
    thread.start()
    thread.join(seconds)
    return redact(answers[0]) if answers else f"did not answer within {seconds:.0f} seconds"


def _notify(channel: Channel, message: Message) -> str:
    words = _Words()
    try:
        import apprise

        apprise.logger.propagate = False  # it says in its own words what is said here, over and over
        logging.getLogger("urllib3").setLevel(logging.WARNING)  # below that it says which address it asked
        apprise.logger.addHandler(words)
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
        taken = service.notify(
            message.body,
            title=message.title,
            notify_type=kinds[message.level],
            body_format=apprise.NotifyFormat.TEXT,
        )
        return "" if taken else words.said or "the service refused it"
    except Exception as error:  # noqa: BLE001 - a hundred services fail in ways of their own; none may end a job
        _LOG.debug("channel %s", channel.name, exc_info=error)
        return f"{type(error).__name__}: {error}"
    finally:
        logging.getLogger("apprise").removeHandler(words)


def _with_timeouts(url: str) -> str:
    named = {pair.partition("=")[0] for pair in url.partition("?")[2].split("&")}
    missing = [
        f"{name}={value}" for name, value in (("cto", CONNECT_TIMEOUT), ("rto", READ_TIMEOUT)) if name not in named
    ]
    return url + ("&" if "?" in url else "?") + "&".join(missing) if missing else url


class _Words(logging.Handler):
    """The last thing that Apprise complained of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.said = " ".join(record.getMessage().split())


def message_of(alert: Alert, account_key: str, home: str) -> Message:
    """What happened first; at the end when, and to which account of which home."""
    when = f"{alert.raised_at.astimezone(NEW_YORK):%A %Y-%m-%d %H:%M} New York time"
    whose = f", account {account_key}" if account_key else ""
    body = f"{alert.message}\n\n{when}{whose}, home {home}"
    return Message(alert.level, f"tradebot {alert.level}: {alert.title}", body)
