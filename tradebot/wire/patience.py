"""How long anybody waits for a broker, and what waiting is made of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, in seconds. All bounds hold together; the first to be reached ends it.

    ``connect`` is for each address of the host, ``silence`` for each gap between two pieces of an answer, ``answer``
    for everything from looking up the name to the last byte, ``reading`` for one read with all its retries and the
    pauses between them. A write is tried once, so it lasts at most ``answer``.
    """

    connect: float = 3.05  # a little more than 3 seconds, after which TCP sends its first packet again
    silence: float = 10.0
    answer: float = 30.0
    reading: float = 90.0  # a rate limit's window is a minute, so that it can be waited for
    tries: int = 4
    backoff: float = 0.5  # before the first retry; twice as long before each further one


class Pause(Protocol):
    """Waiting, so that tests need not."""

    def sleep(self, seconds: float) -> None: ...

    def monotonic(self) -> float:
        """Seconds since some instant, never fewer than before."""
        ...


class RealPause:
    """Waiting for real."""

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def monotonic(self) -> float:
        return time.monotonic()
