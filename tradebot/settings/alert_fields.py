"""Field types of the alert settings: URLs of channels, and mail servers."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar, get_args

from tradebot.core.results.alerts import AlertLevel
from tradebot.settings.field_types import FieldType, InvalidValue, shorten
from tradebot.settings.secret_fields import MASK, SecretText

#: The comma or blanks before a URL; commas and blanks within a URL do not match.
_SEPARATOR = re.compile(r"[\s,]+(?=(?:\w+=)?[A-Za-z][A-Za-z0-9]*://)")
_CHANNEL = re.compile(r"(?:(?P<level>\w+)=)?(?P<url>[A-Za-z][A-Za-z0-9]*://\S+)")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_NUMBERS = re.compile(r"[0-9.]+")
#: Finds a misplaced comma or blank. The mail server decides whether the address exists.
MAIL_ADDRESS = re.compile(r"[^@\s,<>]{1,64}@[^@\s,<>]{1,255}")


@dataclass(frozen=True)
class ChannelUrls(FieldType[tuple[SecretText, ...]]):
    """URLs that Apprise understands, each a secret and optionally preceded by ``LEVEL=``, its minimum alert level."""

    secret: ClassVar[bool] = True

    def _accepts(self) -> str:
        return "comma list of Apprise addresses, kept secret"

    def _parse(self, text: str) -> tuple[SecretText, ...]:
        channels = [channel for channel in _SEPARATOR.split(text.strip(" ,")) if channel]
        for number, channel in enumerate(channels, start=1):
            match = _CHANNEL.fullmatch(channel)
            if match is None or not channel.isprintable():
                raise InvalidValue(
                    f"address {number} of {len(channels)} is none", "Write them like tgram://TOKEN/CHAT."
                )
            if match["level"] and match["level"] not in get_args(AlertLevel):
                raise InvalidValue(
                    f"address {number} of {len(channels)} names no level: {shorten(match['level'])!r}",
                    f"Write {', '.join(get_args(AlertLevel))} before the =, or nothing.",
                )
        if len({*channels}) < len(channels):
            raise InvalidValue("an address is there twice", "Write each once.")
        return tuple(map(SecretText, channels))

    def _show(self, value: tuple[SecretText, ...]) -> str:
        return ",".join(MASK for _ in value)


def level_and_url(channel: SecretText) -> tuple[str, str]:
    """The minimum level ("" if none is given) and the URL of an item of ``ChannelUrls``."""
    match = _CHANNEL.fullmatch(channel.reveal())
    assert match is not None  # ChannelUrls accepted it
    return match["level"] or "", match["url"]


@dataclass(frozen=True)
class Host(FieldType[str]):
    """The name or address (IPv4, IPv6) of a server, without port, in lower case."""

    def _accepts(self) -> str:
        return "name or address of a server"

    def _parse(self, text: str) -> str:
        with suppress(ValueError):
            return str(ip_address(text.removeprefix("[").removesuffix("]")))
        if not _HOST.fullmatch(text) or _NUMBERS.fullmatch(text):
            fix = "Write it like smtp.example.com, 192.0.2.1 or 2001:db8::1, without a port."
            raise InvalidValue(f"{shorten(text)!r} is not the name of a server", fix)
        return text.lower()


def is_loopback(host: str) -> bool:
    """Whether a host is certainly this machine, by its name or address alone."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


@dataclass(frozen=True)
class MailAddress(FieldType[str]):
    """One mail address."""

    def _accepts(self) -> str:
        return "mail address"

    def _parse(self, text: str) -> str:
        if not MAIL_ADDRESS.fullmatch(text):
            raise InvalidValue(f"{shorten(text)!r} is not a mail address", "Write it alone, like you@example.com.")
        return text
