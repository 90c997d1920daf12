"""The channels that the settings name: addresses that Apprise understands, the mail settings made into one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import quote

from tradebot.core.results.alerts import LEVELS, AlertLevel
from tradebot.settings import Settings
from tradebot.settings.alert_fields import level_and_url

_TLS_FROM_THE_START = 465


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to the operator. ``name`` holds no secret, ``url`` does; ``least`` is the least level that it takes."""

    name: str
    url: str = field(repr=False)
    least: AlertLevel

    def takes(self, level: AlertLevel) -> bool:
        return LEVELS.index(level) >= LEVELS.index(self.least)


@dataclass(frozen=True, slots=True)
class Channels:
    """Each of ``first`` gets every alert of its level; those of ``second`` in turn, when none of the first took it."""

    first: tuple[Channel, ...] = ()
    second: tuple[Channel, ...] = ()

    def __iter__(self) -> Iterator[Channel]:
        return iter((*self.first, *self.second))


def channels_of(settings: Settings) -> Channels:
    """The channels in the order of the settings, the mail before the addresses."""
    usual = LEVELS[[*LEVELS].index(settings.alert_min_level.value)]
    mail = [("mail", mail_url(settings), usual)] if settings.email_smtp_server else []
    first = [(_scheme(url), url, _level(word, usual)) for word, url in map(level_and_url, settings.alert_urls)]
    second = [
        (_scheme(url), url, _level(word, usual)) for word, url in map(level_and_url, settings.alert_fallback_urls)
    ]
    named = tuple(_named([*mail, *first, *second]))
    return Channels(named[: len(mail) + len(first)], named[len(mail) + len(first) :])


def mail_url(settings: Settings) -> str:
    """The mail settings as one address. Only a server on this machine may be spoken to in the clear."""
    server, port = settings.email_smtp_server or "", settings.email_smtp_port
    user = settings.email_username.reveal() if settings.email_username else ""
    password = settings.email_password.reveal() if settings.email_password else ""
    clear = _is_here(server)
    mode = "ssl" if port == _TLS_FROM_THE_START else "insecure" if clear else "starttls"
    sender = user if "@" in user else f"tradebot@{'localhost' if clear else server}"
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if password else ""
    to = quote(",".join(settings.alert_email_recipients), safe=",")
    return (
        f"{'mailto' if mode == 'insecure' else 'mailtos'}://{login}{server}:{port}"
        f"?smtp={server}&from={quote(sender, safe='')}&to={to}&mode={mode}"
    )


def _is_here(server: str) -> bool:
    if server == "localhost":
        return True
    try:
        return ip_address(server).is_loopback
    except ValueError:
        return False


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()


def _level(word: str, otherwise: AlertLevel) -> AlertLevel:
    return next((level for level in LEVELS if level == word), otherwise)


def _named(found: Iterable[tuple[str, str, AlertLevel]]) -> Iterator[Channel]:
    """Two channels of one kind are told apart by a number: what is in their addresses may be a secret."""
    met: Counter[str] = Counter()
    for name, url, least in found:
        met[name] += 1
        yield Channel(name if met[name] == 1 else f"{name} {met[name]}", url, least)
