"""The alert channels of the settings: the mail server, and the services that Apprise knows."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from threading import Thread
from typing import Protocol

from tradebot.alerts.apprise import AppriseService
from tradebot.alerts.mail import MailServer
from tradebot.alerts.messages import Message
from tradebot.core.results.alerts import LEVELS, AlertLevel
from tradebot.settings import Settings
from tradebot.settings.alert_fields import level_and_url
from tradebot.settings.secret_fields import SecretText

_LOG = logging.getLogger(__name__)


class Service(Protocol):
    """What brings a message to the operator. ``repr`` shows no secret."""

    def send(self, message: Message) -> str:
        """Send a message; returns the error, "" if it was accepted. May raise anything, and take any time."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A service with a name and the least level of its alerts."""

    name: str  # contains no secret
    service: Service
    min_level: AlertLevel
    takes_summaries: bool = True  # whatever the least level of its alerts

    def accepts(self, level: AlertLevel) -> bool:
        """Whether the channel is for alerts of this level."""
        if level == "summary":
            return self.takes_summaries
        return LEVELS.index(level) >= LEVELS.index(self.min_level)

    def send(self, message: Message, seconds: float, redact: Callable[[str], str]) -> str:
        """Send a message; returns the error without secrets, "" if it was accepted. Gives up after ``seconds``.

        A channel that did not answer in time may have accepted the message. It is sent again later: twice is better
        than never.
        """
        results: list[str] = []
        thread = Thread(target=lambda: results.append(self._send(message)), daemon=True)
        thread.start()
        thread.join(seconds)
        return redact(results[0]) if results else f"did not answer within {seconds:.0f} seconds"

    def _send(self, message: Message) -> str:
        try:
            return self.service.send(message)
        except Exception as error:  # noqa: BLE001 - each service has errors of its own, and none may end a job
            _LOG.debug("channel %s", self.name, exc_info=error)
            return f"{type(error).__name__}: {error}"


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of a home. Iterating gives all of them."""

    primary: tuple[Channel, ...] = ()  # each receives every alert of its level
    fallback: tuple[Channel, ...] = ()  # tried one after the other if no primary channel accepted the alert

    def __iter__(self) -> Iterator[Channel]:
        return iter((*self.primary, *self.fallback))


def channels_of(settings: Settings) -> Channels:
    """The channels in the order of the settings, mail first."""
    default = LEVELS[[*LEVELS].index(settings.alert_min_level.value)]
    mail: list[Channel] = []
    if settings.email_smtp_server and settings.alert_email_recipients:
        mail = [Channel("mail", _mail_server(settings, settings.email_smtp_server), default)]
    primary = [*mail, *(_named_url(entry, default) for entry in settings.alert_urls)]
    fallback = [_named_url(entry, default) for entry in settings.alert_fallback_urls]
    channels = tuple(_with_unique_names([*primary, *fallback]))
    return Channels(channels[: len(primary)], channels[len(primary) :])


def channels_to_try(settings: Settings) -> Iterator[Channel]:
    """The channels as a test sends to them: each recipient of mail is one."""
    for channel in channels_of(settings):
        if isinstance(channel.service, MailServer) and len(channel.service.recipients) > 1:
            for address in channel.service.recipients:
                one = replace(channel.service, recipients=(address,))
                yield replace(channel, name=f"{channel.name} to {address}", service=one)
        else:
            yield channel


def _mail_server(settings: Settings, host: str) -> MailServer:
    username, recipients = settings.email_username, settings.alert_email_recipients
    login = username.reveal() if username else ""
    return MailServer(
        host,
        settings.email_smtp_port,
        settings.email_security,
        settings.email_from or (login if "@" in login else recipients[0]),
        recipients,
        username,
        settings.email_password,
    )


def _named_url(entry: SecretText, default: AlertLevel) -> Channel:
    """The channel of an entry ``URL`` or ``LEVEL=URL``. One that names another level takes no summaries."""
    prefix, url = level_and_url(entry)
    level = next((level for level in LEVELS if level == prefix), default)
    return Channel(url.partition("://")[0].lower(), AppriseService(url), level, prefix in ("", "summary"))


def _with_unique_names(channels: Iterable[Channel]) -> Iterator[Channel]:
    """Number channels of the same service, because their URLs may be secret."""
    counts: Counter[str] = Counter()
    for channel in channels:
        counts[channel.name] += 1
        number = counts[channel.name]
        yield channel if number == 1 else replace(channel, name=f"{channel.name} {number}")
