"""The codes of a two-factor login, by time (RFC 6238): six digits, SHA-1, 30 seconds."""

from __future__ import annotations

import hmac
from base64 import b32decode
from datetime import datetime

_STEP = 30


def totp(secret: str, at: datetime) -> str:
    """The code of an instant. ``secret``: base32, as Robinhood shows it. Raises ValueError for another text.

    PyOTP from 2.12 on refuses secrets of 16 characters, which is the length that Robinhood shows.
    """
    letters = "".join(secret.split()).replace("-", "").upper().rstrip("=")
    key = b32decode(letters + "=" * (-len(letters) % 8))
    if not key:
        raise ValueError("an empty secret")
    digest = hmac.digest(key, (int(at.timestamp()) // _STEP).to_bytes(8), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
