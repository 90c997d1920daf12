"""The alert channels of the settings, as Apprise URLs (https://appriseit.com/services/); the mail settings are one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import quote

from tradebot.core.results.alerts import LEVELS, AlertLevel
from tradebot.settings import Settings
from tradebot.settings.alert_fields import level_and_url
from tradebot.settings.secret_fields import SecretText

_IMPLICIT_TLS_PORT = 465  # RFC 8314; on other ports a connection starts in clear text and switches to TLS


@dataclass(frozen=True, slots=True)
class Channel:
    """A service that brings alerts to the operator."""

    name: str  # contains no secret
    url: str = field(repr=False)  # contains secrets
    min_level: AlertLevel

    def accepts(self, level: AlertLevel) -> bool:
        """Whether the channel is for alerts of this level."""
        return LEVELS.index(level) >= LEVELS.index(self.min_level)


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
    mail = [("mail", mail_url(settings), default)] if settings.email_smtp_server else []
    primary = [*mail, *(_named_url(entry, default) for entry in settings.alert_urls)]
    fallback = [_named_url(entry, default) for entry in settings.alert_fallback_urls]
    channels = tuple(_with_unique_names([*primary, *fallback]))
    return Channels(channels[: len(primary)], channels[len(primary) :])


def mail_url(settings: Settings) -> str:
    """The mail settings as an Apprise URL. Mail is sent without TLS only to a server on this machine."""
    server, port = settings.email_smtp_server or "", settings.email_smtp_port
    user = settings.email_username.reveal() if settings.email_username else ""
    password = settings.email_password.reveal() if settings.email_password else ""
    is_local = _is_local(server)
    mode = "ssl" if port == _IMPLICIT_TLS_PORT else "insecure" if is_local else "starttls"
    sender = user if "@" in user else f"tradebot@{'localhost' if is_local else server}"
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if password else ""
    to = quote(",".join(settings.alert_email_recipients), safe=",")
    return (
        f"{'mailto' if mode == 'insecure' else 'mailtos'}://{login}{server}:{port}"
        f"?smtp={server}&from={quote(sender, safe='')}&to={to}&mode={mode}"
    )


def _is_local(server: str) -> bool:
    if server == "localhost":
        return True
    try:
        return ip_address(server).is_loopback
    except ValueError:
        return False


def _named_url(entry: SecretText, default: AlertLevel) -> tuple[str, str, AlertLevel]:
    """The name, URL and least level of an entry ``URL`` or ``LEVEL=URL``."""
    prefix, url = level_and_url(entry)
    level = next((level for level in LEVELS if level == prefix), default)
    return url.partition("://")[0].lower(), url, level


def _with_unique_names(channels: Iterable[tuple[str, str, AlertLevel]]) -> Iterator[Channel]:
    """Number channels of the same service, because their URLs may be secret."""
    counts: Counter[str] = Counter()
    for name, url, min_level in channels:
        counts[name] += 1
        yield Channel(name if counts[name] == 1 else f"{name} {counts[name]}", url, min_level)
