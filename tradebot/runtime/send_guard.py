"""Which requests of a process may still leave: those decided moments ago, by the run that has the account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tradebot.runtime.clocks import seconds_with_sleep

#: Seconds after its decision in which the first byte of a request may leave.
MOST_SECONDS = 5.0


def _no_run() -> None:
    """Confirm: the process acts for no run that could have lost its account."""


@dataclass(frozen=True, slots=True)
class TimedPermit:
    """The permit of one request; implements Permit."""

    since: float
    clock: Callable[[], float]
    confirm_run: Callable[[], None]

    def confirm(self) -> None:
        """Raise Locked where another run has taken the account."""
        self.confirm_run()

    def seconds_left(self) -> float:
        """The seconds in which the first byte may leave, sleep of the machine counted."""
        return self.since + MOST_SECONDS - self.clock()


class ProcessGuard:
    """The guard of what one process sends; implements SendGuard.

    A run of a job binds itself to it, and then nothing leaves once another run has taken the account, nor what waited
    for more than ``MOST_SECONDS``. Without a run, as in an emergency stop, that holds for orders alone: a cancel may
    leave whenever it can.
    """

    def __init__(self, clock: Callable[[], float] = seconds_with_sleep) -> None:
        self._clock = clock
        self._confirm_run: Callable[[], None] | None = None
        self._decided_at: float | None = None

    def bind(self, confirm_run: Callable[[], None]) -> None:
        """Let every request ask first whether the run has its account still."""
        self._confirm_run = confirm_run

    @contextmanager
    def decided(self) -> Iterator[None]:
        """What is sent within the block was decided at its beginning."""
        self._decided_at = self._clock()
        try:
            yield
        finally:
            self._decided_at = None

    def permit(self) -> TimedPermit | None:
        """The permit of a request that is about to be sent; None for one that may leave whenever it can."""
        if self._decided_at is None and self._confirm_run is None:
            return None
        since = self._clock() if self._decided_at is None else self._decided_at
        return TimedPermit(since, self._clock, self._confirm_run or _no_run)
