"""Who has an account: the run that took it last, in whatever home and on whatever host."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tradebot.core.model.exchange_time import NEW_YORK


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock or an account."""

    pid: int
    command: str  # the subcommand
    since: datetime  # the machine's time, aware UTC
    host: str

    def text(self, here: str, wall: datetime | None = None) -> str:
        """The process for people on the host ``here``. With ``wall``, the machine's time, it has an age."""
        began = self.since.astimezone(NEW_YORK)
        text = f"pid {self.pid}, `tradebot {self.command}`, since {began:%H:%M:%S} New York time"
        if wall is not None:
            text += f" ({_age((wall - self.since).total_seconds())})"
        return text if self.host == here else f"{text}, on {self.host}"


@dataclass(frozen=True, slots=True)
class Epoch:
    """The time in which one process has an account. The number rises with each that takes it."""

    number: int
    holder: Holder
    home_id: str


def _age(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"
