"""Field types of the Robinhood settings: the number of an account, and the URL of a stand-in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from tradebot.settings.endpoints import is_loopback_url
from tradebot.settings.field_types import FieldType, InvalidValue, shorten
from tradebot.settings.secret_fields import Secret, SecretText
from tradebot.settings.url_fields import is_https_or_local, without_password

_ACCOUNT_NUMBER = re.compile(r"[A-Za-z0-9]{6,32}")


@dataclass(frozen=True)
class AccountNumber(Secret):
    """The number of an account: letters and digits."""

    verbatim: ClassVar[bool] = False

    def _accepts(self) -> str:
        return "letters and digits, kept secret"

    def _parse(self, text: str) -> SecretText:
        if not _ACCOUNT_NUMBER.fullmatch(text):
            raise InvalidValue(
                "it is not the number of an account", "Write 6 to 32 letters and digits, as the app shows."
            )
        return SecretText(text.upper())


@dataclass(frozen=True)
class LoopbackUrl(FieldType[str]):
    """The URL of a stand-in on a loopback host, without path and trailing slash. No other host gets the tokens."""

    def _accepts(self) -> str:
        return "an address of this machine"

    def _parse(self, text: str) -> str:
        fix = "Write it like http://127.0.0.1:8080, or leave it blank."
        if not is_https_or_local(text) or not is_loopback_url(text):
            raise InvalidValue(f"{shorten(without_password(text))!r} is not an address of this machine", fix)
        parts = urlsplit(text)
        if "@" in parts.netloc or parts.path.rstrip("/") or parts.query or parts.fragment:
            raise InvalidValue("the address carries more than a host", fix)
        return text.rstrip("/")
