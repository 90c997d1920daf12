"""The tokens of a session with Robinhood, and when they are to be renewed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

#: Tokens are renewed when less than this is left, and when less than half of their life is.
RENEWED_BEFORE = timedelta(days=3)


class Renewal(StrEnum):
    """What is known of the newest renewal, while the tokens before it still stand in the file."""

    NONE = ""
    UNANSWERED = "unanswered"  # it was sent; whether these tokens were replaced by it, nobody saw
    REFUSED = "refused"  # these tokens serve until they expire, and no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A pair of tokens. ``repr`` shows no secret. Times are aware UTC."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    device: str = field(repr=False)  # the token of the device that was approved; "" where none is known
    obtained_at: datetime
    expires_at: datetime  # of the access token
    account_number: str = field(default="", repr=False)  # "" until one was chosen
    pasted: bool = False  # whether the pair was taken from a browser, which may renew or end it too
    renewal: Renewal = Renewal.NONE

    def left(self, now: datetime) -> timedelta:
        """The time until the access token expires; negative after that."""
        return self.expires_at - now

    def is_renewal_due(self, now: datetime) -> bool:
        """Whether less than half of the life, or less than three days, is left: whichever is less."""
        return self.left(now) < min((self.expires_at - self.obtained_at) / 2, RENEWED_BEFORE)


def expiry_of(access: str) -> datetime | None:
    """When an access token expires, by the ``exp`` of its JWT (captured); None for a text that is no JWT with one."""
    parts = access.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
