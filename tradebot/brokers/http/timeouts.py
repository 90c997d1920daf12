"""How long anybody waits for a broker, and what waiting is made of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a request may take, in seconds. All bounds hold together; the first to be reached ends it.

    ``connect`` is for each address of the host, ``leaving`` for everything before the first byte is sent (looking up
    the name, every address, TLS), ``silence`` for each gap between two pieces of an answer, ``answer`` for all of it up
    to the last byte, ``reading`` for one read with all its retries and the pauses between them.

    So with a network that is gone a write ends after at most the longer of ``leaving`` and ``silence`` (10 seconds), a
    read after four times that and its pauses (44), and each read of the same service after that one, until one
    succeeds, after 10 again. Against a server that answers without ever coming to an end, it is ``answer`` for a write
    and ``reading`` for a read. Waiting for the allowance of the minute (``Pace``) comes before a write, 60 at most.
    """

    connect: float = 3.05  # a little more than 3 seconds, after which TCP sends its first packet again
    leaving: float = 10.0
    silence: float = 10.0
    answer: float = 30.0
    reading: float = 90.0  # a rate limit's window is a minute, so that it can be waited for
    tries: int = 4
    backoff: float = 0.5  # before the first retry; twice as long before each further one


#: For who goes on asking by himself: no trouble of one request is to hold up the next, and no long pause is waited for.
PRESSING = Timeouts(reading=20.0, tries=2)


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
