"""Taking secrets out of a text: each as it is, in a URL and in JSON, and the telling parts of an address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

from tradebot.settings.field_types import MASK

#: Shorter parts of an address are words and numbers that stand elsewhere too.
_LEAST_PART = 8
_BETWEEN_PARTS = re.compile(r"[/:@?&=#,]+")


class Redactor:
    """Masks secrets in texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spelt = {spelling for secret in secrets for part in _parts(secret) for spelling in _spellings(part)}
        self._spellings = sorted(spelt, key=len, reverse=True)  # longest first: none is cut in two by another

    def __call__(self, text: str) -> str:
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text


def _parts(secret: str) -> Iterator[str]:
    """The secret, and of an address the password and what may be a key by itself: parts with a digit and no dot."""
    yield secret
    if "://" not in secret:
        return
    address = secret.partition("://")[2]
    user, at, _ = address.partition("@")
    if at and ":" in user:
        yield user.partition(":")[2]
    for part in _BETWEEN_PARTS.split(address):
        if len(part) >= _LEAST_PART and "." not in part and any(map(str.isdigit, part)):
            yield part


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield unquote(secret)
    yield json.dumps(secret)[1:-1]
