"""Kinds of settings that say how alerts reach people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from tradebot.core.results.alerts import AlertLevel
from tradebot.settings.field_types import MASK, FieldType, Refusal, SecretText, shorten

#: A comma or blank before the next address; those within an address stay.
_BETWEEN = re.compile(r"[\s,]+(?=(?:\w+=)?[A-Za-z][A-Za-z0-9]*://)")
_ADDRESS = re.compile(r"(?:(?P<level>\w+)=)?(?P<url>[A-Za-z][A-Za-z0-9]*://\S+)")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
#: Good enough to find a comma or blank that went wrong; the mail server knows better.
MAIL_ADDRESS = re.compile(r"[^@\s,<>]{1,64}@[^@\s,<>]{1,255}")


@dataclass(frozen=True)
class ChannelUrls(FieldType[tuple[SecretText, ...]]):
    """Addresses that Apprise understands, each a secret, with the least level that it is for where that is written."""

    secret = True

    @property
    def accepts(self) -> str:
        return "comma list of Apprise addresses, kept secret"

    def parse(self, text: str) -> tuple[SecretText, ...]:
        urls = [url for url in _BETWEEN.split(text.strip(" ,")) if url]
        for number, url in enumerate(urls, start=1):
            found = _ADDRESS.fullmatch(url)
            if found is None or not url.isprintable():
                raise Refusal(f"address {number} of {len(urls)} is none", "Write them like tgram://TOKEN/CHAT.")
            if found["level"] and found["level"] not in get_args(AlertLevel):
                raise Refusal(
                    f"address {number} of {len(urls)} names no level: {shorten(found['level'])!r}",
                    f"Write {', '.join(get_args(AlertLevel))} before the =, or nothing.",
                )
        if len({*urls}) < len(urls):
            raise Refusal("an address is there twice", "Write each once.")
        return tuple(map(SecretText, urls))

    def show(self, value: tuple[SecretText, ...]) -> str:
        return ",".join(MASK for _ in value)


def level_and_url(channel: SecretText) -> tuple[str, str]:
    """The level written before an address, "" when there is none, and the address."""
    found = _ADDRESS.fullmatch(channel.reveal())
    assert found is not None  # ChannelUrls took it
    return found["level"] or "", found["url"]


@dataclass(frozen=True)
class Host(FieldType[str]):
    """The name of a server, without port."""

    @property
    def accepts(self) -> str:
        return "name of a server"

    def parse(self, text: str) -> str:
        if not _HOST.fullmatch(text):
            raise Refusal(f"{shorten(text)!r} is not the name of a server", "Write it like smtp.example.com.")
        return text.lower()
