"""Field types of the Alpaca settings: API keys, and the URLs that they are sent to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from tradebot.settings.endpoints import is_loopback_url
from tradebot.settings.field_types import FieldType, InvalidValue, shorten
from tradebot.settings.secret_fields import Secret, SecretText
from tradebot.settings.url_fields import is_https_or_local, without_password

_QUOTES = frozenset("\"'`\u2018\u2019\u201c\u201d")
#: Key ids of paper accounts begin with PK, those of live accounts with AK. Secret keys are of mixed case.
_KEY_ID = re.compile(r"(PK|AK)[A-Z0-9]{8,60}")


def key_account_type(text: str) -> Literal["paper", "live"] | None:
    """The type of account that a key id is for; None for a text that is no key id or does not show it."""
    if not _KEY_ID.fullmatch(text):
        return None
    return "paper" if text.startswith("PK") else "live"


@dataclass(frozen=True)
class ApiKey(Secret):
    """A key id or secret key: printable ASCII without blanks and quotation marks."""

    verbatim: ClassVar[bool] = False

    def _parse(self, text: str) -> SecretText:
        if _QUOTES & set(text):
            raise InvalidValue("it holds a quotation mark", "Write the key alone, without quotes around it.")
        if any(letter.isspace() for letter in text):
            raise InvalidValue("it holds a blank", "Copy the key again, and nothing around it.")
        if not text.isascii() or not text.isprintable():
            raise InvalidValue("it holds characters that no key has", "Copy the key again from Alpaca's dashboard.")
        return SecretText(text)


@dataclass(frozen=True)
class ApiUrl(FieldType[str]):
    """The URL of a service of Alpaca, one of ``own``, or of a stand-in on a loopback host. No other host gets the keys.

    The value has neither trailing slash nor the version ``/v2``.
    """

    own: tuple[str, ...]

    def _accepts(self) -> str:
        return f"{self._choices}, or an address of this machine"

    def _parse(self, text: str) -> str:
        if not is_https_or_local(text):
            raise InvalidValue(
                f"{shorten(without_password(text))!r} is not an https address", f"Write {self._choices}."
            )
        parts = urlsplit(text)
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise InvalidValue(
                "the address carries more than a host", "Write it without user, password, query and fragment."
            )
        url = text.rstrip("/").removesuffix("/v2")  # the dashboard shows it with the version
        if url in self.own or (is_loopback_url(url) and not urlsplit(url).path):
            return url
        similar = get_close_matches(parts.hostname or "", [urlsplit(own).netloc for own in self.own], n=1, cutoff=0.8)
        what = f"{shorten(url)!r} is not the address of Alpaca's API"
        if similar:
            raise InvalidValue(
                f"{what}; it looks like {similar[0]} misspelt", f"Write https://{similar[0]}, or leave it blank."
            )
        raise InvalidValue(what, f"Write {self._choices}, or leave it blank.")

    @property
    def _choices(self) -> str:
        return " or ".join(self.own)
