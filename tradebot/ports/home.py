"""Ports of the home: the halt latch, the lock, alerts, and the request to stop."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from tradebot.core.model.halts import Halt
from tradebot.core.results.alerts import AlertLevel


class Latch(Protocol):
    """The halt latch file of a home: written with fsync, readable when everything else is broken."""

    def read(self) -> tuple[Halt, ...]:
        """The halts in the file. A file that cannot be read or understood is one halt of rule UNREADABLE."""
        ...

    def set(self, halt: Halt) -> None:
        """Add a halt, which is on disk on return. Raises ConfigError if the file then does not halt as much."""
        ...

    def clear(self, halts: Collection[Halt]) -> None:
        """Remove these halts. Every other halt stays, also one that is set meanwhile."""
        ...


class Lock(Protocol):
    """The right to act on an account."""

    def assert_held(self) -> None:
        """Raise Locked unless this process holds the lock. Called before each order is sent."""
        ...


class Alerts(Protocol):
    """Messages to the operator. Never raises, never blocks trading."""

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "", attachment: str = "") -> None:
        """Raise an alert. ``message``: what happened, the figures, and what to do.

        attachment: the name of a file in the home's folder of attachments, which mail carries along.
        ``key`` names the condition. An alert with the key of an earlier one is delivered again only if it is more
        severe, or after 20 hours if it is critical and after a week if not; a summary never is. Without a key it is
        always delivered.
        """
        ...


class StopSwitch(Protocol):
    """The request to stop: ^C or SIGTERM. It is checked between steps."""

    def check(self) -> None:
        """Raise Stopped if the process has been asked to stop."""
        ...
