"""Field types of URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from tradebot.settings.field_types import FieldType, InvalidValue, shorten
from tradebot.settings.ledger_location import LedgerLocation
from tradebot.settings.path_fields import read_path
from tradebot.settings.secret_fields import MASK, Secret, SecretText
from tradebot.settings.server_url import SCHEMES, read_server

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_USER_INFO = re.compile(r"(?<=:)(/*).*@", re.DOTALL)
_QUERY = re.compile(r"\?.*", re.DOTALL)


@dataclass(frozen=True)
class DatabaseUrl(FieldType[LedgerLocation]):
    """The location of the ledger: ``sqlite:///`` and the path of a file, or the URL of a PostgreSQL database."""

    def _accepts(self) -> str:
        return "sqlite:/// and a path, relative to the home; or postgresql://USER@HOST/DATABASE"

    def _parse(self, text: str) -> LedgerLocation:
        scheme = text.partition(":")[0].casefold()
        if scheme in SCHEMES and "://" in text:
            return read_server(text)
        path = text.removeprefix("sqlite:///")
        if path == text or not path or "?" in path or "#" in path or path.endswith("/"):
            raise InvalidValue(
                f"{shorten(without_password(text))!r} is not the address of a SQLite file",
                "Write sqlite:/// and a path, for example sqlite:///trading_robot.db, or postgresql://USER@HOST/DATABASE.",
            )
        if path == ":memory:":
            raise InvalidValue("a ledger in memory forgets everything", "Write sqlite:/// and the path of a file.")
        return read_path(path)

    def _show(self, value: LedgerLocation) -> str:
        return f"sqlite:///{value}" if isinstance(value, Path) else str(value)


@dataclass(frozen=True)
class SecretUrl(Secret):
    """A URL that grants access by itself: https, or http on a loopback host."""

    verbatim: ClassVar[bool] = False

    def _accepts(self) -> str:
        return "https address, kept secret"

    def _parse(self, text: str) -> SecretText:
        secret = super()._parse(text)
        if not is_https_or_local(text):
            raise InvalidValue("it is not an https address", "Write https://HOST/PATH.")
        if "@" in urlsplit(text).netloc or "#" in text:
            raise InvalidValue("the address carries a user, a password or a fragment", "Write it without them.")
        return secret


def is_https_or_local(url: str) -> bool:
    """Whether a URL has a host and is https, or http on a loopback host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    encrypted_or_local = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)
    return bool(host) and port != 0 and encrypted_or_local


def without_password(url: str) -> str:
    """A URL with user, password and query masked."""
    return _QUERY.sub(f"?{MASK}", _USER_INFO.sub(rf"\1{MASK}@", url))
