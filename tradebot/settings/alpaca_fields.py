"""Kinds of settings that only Alpaca has: the halves of a key, and addresses that get them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal
from urllib.parse import urlsplit

from tradebot.settings.alpaca_urls import Endpoint
from tradebot.settings.field_types import FieldType, Refusal, Secret, SecretText, is_address, shorten, without_password

_QUOTES = frozenset("\"'`\u2018\u2019\u201c\u201d")
#: Alpaca begins the key ids of paper accounts with PK and those of live ones with AK; secrets are of mixed case.
_KEY_ID = re.compile(r"(PK|AK)[A-Z0-9]{8,60}")


def kind_of_key(text: str) -> Literal["paper", "live"] | None:
    """The kind of account that a key id is for; None when it cannot be seen, or the text is no key id."""
    if not _KEY_ID.fullmatch(text):
        return None
    return "paper" if text.startswith("PK") else "live"


@dataclass(frozen=True)
class ApiKey(Secret):
    """Half of a key: letters, digits and signs of ASCII, as they are copied from the dashboard."""

    def parse(self, text: str) -> SecretText:
        if _QUOTES & set(text):
            raise Refusal("it holds a quotation mark", "Write the key alone, without quotes around it.")
        if any(letter.isspace() for letter in text):
            raise Refusal("it holds a blank", "Copy the key again, and nothing around it.")
        if not text.isascii() or not text.isprintable():
            raise Refusal("it holds characters that no key has", "Copy the key again from Alpaca's dashboard.")
        return SecretText(text)


@dataclass(frozen=True)
class ApiUrl(FieldType[str]):
    """The address of one of Alpaca's services, or of a stand-in on this machine: nobody else is to get the keys."""

    own: tuple[str, ...]

    @property
    def accepts(self) -> str:
        return f"{self._choice}, or an address of this machine"

    def parse(self, text: str) -> str:
        if not is_address(text):
            raise Refusal(f"{shorten(without_password(text))!r} is not an https address", f"Write {self._choice}.")
        parts = urlsplit(text)
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise Refusal(
                "the address carries more than a host", "Write it without user, password, query and fragment."
            )
        address = text.rstrip("/").removesuffix("/v2")  # the dashboard shows it with the version
        if address in self.own or (Endpoint(address).loopback and not urlsplit(address).path):
            return address
        close = get_close_matches(parts.hostname or "", [Endpoint(url).host for url in self.own], n=1, cutoff=0.8)
        what = f"{shorten(address)!r} is not the address of Alpaca's API"
        if close:
            raise Refusal(f"{what}; it looks like {close[0]} misspelt", f"Write https://{close[0]}, or leave it blank.")
        raise Refusal(what, f"Write {self._choice}, or leave it blank.")

    @property
    def _choice(self) -> str:
        return " or ".join(self.own)
