"""Ports of sending: whether a request that has an effect may still leave."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Permit(Protocol):
    """The permission of one request. Whoever sends it asks for it when the connection stands, before the first byte."""

    def confirm(self) -> None:
        """Raise Locked where another run has taken the account. Called by the thread that sends requests."""
        ...

    def seconds_left(self) -> float:
        """The seconds in which the first byte may leave; at 0 or less it may not. Called by any thread."""
        ...


class SendGuard(Protocol):
    """Gives the permits of a process. Brokers know it alone, and neither locks nor ledger."""

    def decided(self) -> AbstractContextManager[None]:
        """What is sent within the block was decided at its beginning."""
        ...

    def permit(self) -> Permit | None:
        """The permit of a request that is about to be sent; None for one that may leave whenever it can."""
        ...
