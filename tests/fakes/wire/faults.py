"""What can go wrong on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Where a request has an effect although its sender does not learn of it, the words say "after"."""

    # No answer. The first two need the transport of the tests, or ``FakeServer.refusing``.
    REFUSED = "connection refused"
    CONNECT_TIMEOUT = "connection not taken"
    RESET_BEFORE = "reset before"
    RESET_AFTER = "reset after"
    SILENT_BEFORE = "silence before"
    SILENT_AFTER = "silence after"
    LATE = "arrives later"  # silence; it arrives when ``FakeServer.deliver`` is called
    # An answer that is none of the broker's, or one that says what is not so.
    TOO_MANY = "429"
    SERVER_ERROR = "500 before"
    SERVER_ERROR_AFTER = "500 after"
    HTML = "502 with a page, before"
    HTML_AFTER = "502 with a page, after"
    GATEWAY_TIMEOUT = "504 after"
    PAGE = "200 with a page, before"
    TRUNCATED = "truncated JSON after"
    CUT_OFF = "connection lost in the middle of the answer, after"
    DUPLICATE = "refused as a duplicate, after"
    ID_BURNT = "504 with the id used and no order made"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    # An answer that is not the whole truth.
    EMPTY = "empty list"
    STALE = "stale answer"
    FEWER_SHARES = "positions with fewer shares"
    LAGGING = "activities late"
    UNKNOWN_STATUS = "unknown status"
    UNKNOWN_FIELDS = "unknown fields"
    SKEWED = "clock skewed"
    ITEM_FAILED = "207 with an item that failed"


@dataclass(frozen=True, slots=True)
class Fault:
    """``amount`` is in seconds for Retry-After (0: the header is missing) and a skewed clock, in rows for LAGGING, in
    shares for FEWER_SHARES.
    """

    kind: Kind
    amount: int = 0

    @property
    def processed(self) -> bool:
        """Whether the request has its effect."""
        return self.kind not in _NOT_PROCESSED

    @property
    def silent(self) -> bool:
        return self.kind in _SILENT

    @property
    def resets(self) -> bool:
        return self.kind in _RESETS

    @property
    def at_the_door(self) -> bool:
        """Whether no connection comes about at all."""
        return self.kind in (Kind.REFUSED, Kind.CONNECT_TIMEOUT)


_SILENT = frozenset({Kind.SILENT_BEFORE, Kind.SILENT_AFTER, Kind.LATE})
_RESETS = frozenset({Kind.RESET_BEFORE, Kind.RESET_AFTER, Kind.REFUSED, Kind.CONNECT_TIMEOUT})
_NOT_PROCESSED = frozenset(
    {
        Kind.REFUSED,
        Kind.CONNECT_TIMEOUT,
        Kind.RESET_BEFORE,
        Kind.SILENT_BEFORE,
        Kind.LATE,
        Kind.TOO_MANY,
        Kind.SERVER_ERROR,
        Kind.HTML,
        Kind.PAGE,
        Kind.UNAUTHORIZED,
        Kind.FORBIDDEN,
    }
)
