"""What lets a request in: the headers that it carries, and what becomes of one that was not let in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tradebot.errors import Blocked


class Authorisation(Protocol):
    """The credentials of one account at a broker."""

    @property
    def noun(self) -> str:
        """What they are, for people: ``the keys``."""
        ...

    def headers(self) -> Mapping[str, str]:
        """The headers of the next request. Raises Blocked when there are no credentials."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether others than these headers, which the broker did not accept, may be accepted now. Raises Blocked."""
        ...

    def refusal(self, message: str) -> Blocked:
        """The error for credentials that the broker does not accept; ``message`` says so."""
        ...
