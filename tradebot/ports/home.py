"""The halt latch, the lock, word to the operator, and the way to be stopped."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from tradebot.core.model.halts import Halt
from tradebot.core.results.alerts import AlertLevel


class Latch(Protocol):
    """The halt latch file of a home: written with fsync, readable when everything else is broken."""

    def read(self) -> tuple[Halt, ...]:
        """What the file says; a file that cannot be read or understood is one halt of rule UNREADABLE."""
        ...

    def set(self, halt: Halt) -> None: ...

    def clear(self, halts: Collection[Halt]) -> None:
        """Remove these halts; every other one stays, one that is set meanwhile too."""
        ...


class Lock(Protocol):
    """The right to act on an account."""

    def assert_held(self) -> None:
        """Raise Locked unless this process still holds it; called before each send."""
        ...


class Alerts(Protocol):
    """Word to the operator. Never raises, never blocks trading."""

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "") -> None:
        """Raise an alert: ``message`` says what happened, the figures, and what to do.

        ``key`` names the matter. While it goes on, each run may raise it anew: what is told already is told again only
        when it got more severe, or after 20 hours if it is critical and a week if not. Without a key each is told.
        """
        ...


class StopSwitch(Protocol):
    """^C and SIGTERM, looked at between steps."""

    def check(self) -> None:
        """Raise Stopped when the process has been asked to end."""
        ...
