"""Masks secrets in texts, in the spellings that logs and error messages use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

from tradebot.settings.secret_fields import MASK

#: Shorter parts of a URL are ordinary words and numbers that appear in other texts too.
_MIN_PART_LENGTH = 8
_PART_SEPARATORS = re.compile(r"[/:@?&=#,]+")


#: Secrets that came up while the process ran, such as tokens. Every redactor masks them too.
_learned: set[str] = set()


def learn_secrets(*secrets: str) -> None:
    """Let every redactor of this process mask these texts from now on."""
    _learned.update(secret for secret in secrets if secret)


class Redactor:
    """Replaces secrets by a mask: as they are, URL-quoted, URL-unquoted and JSON-escaped.

    Of a secret URL, the password and the parts that look like a key are masked by themselves, too. Secrets that were
    learned (``learn_secrets``) are masked beside its own.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for part in _parts(secret) for spelling in _spellings(part)}
        # The longest first, so that a secret that contains another one is masked whole.
        self._spellings = sorted(filter(None, spellings), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text with every secret masked."""
        learned = sorted((each for secret in _learned for each in _spellings(secret)), key=len, reverse=True)
        for spelling in (*self._spellings, *learned):
            text = text.replace(spelling, MASK)
        return text


def _parts(secret: str) -> Iterator[str]:
    """The secret, without blanks around it too; of a URL also the password, and every long part that may be a key.

    Such a part has a digit and no dot.
    """
    yield secret
    yield secret.strip()
    if "://" not in secret:
        return
    address = secret.partition("://")[2]
    user_info, at, _ = address.partition("@")
    if at and ":" in user_info:
        yield user_info.partition(":")[2]
    for part in _PART_SEPARATORS.split(address):
        if len(part) >= _MIN_PART_LENGTH and "." not in part and any(map(str.isdigit, part)):
            yield part


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield unquote(secret)
    yield json.dumps(secret)[1:-1]
