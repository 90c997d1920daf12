"""Time limits of requests to a broker, and the clock that pauses between them go by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limits of a request, in seconds. All of them apply; the first that is reached ends the request.

    Without a network a write ends after ``send`` or ``idle``, 10 s. A read ends after four attempts and their pauses,
    44 s; each later read of the same service makes one attempt, 10 s, until one succeeds. Against a server whose
    response never ends, a write ends after ``response`` and a read after ``read_with_retries``. Before a write the rate
    limit may take up to 60 s more. A write that needs a permit ends when that does, if its first byte has not left.
    """

    connect: float = 3.05  # for each address of the host; TCP repeats its first packet after 3 s
    send: float = 10.0  # until the first byte is written: name resolution, every address, TLS
    idle: float = 10.0  # between two parts of the response
    response: float = 30.0  # until the last byte of the response
    read_with_retries: float = 90.0  # a read with its retries and pauses; outlasts a rate limit's window of 60 s
    attempts: int = 4  # of a read; a write is sent once
    backoff: float = 0.5  # before the first retry; doubled before each further retry


#: For the emergency stop, which repeats its requests itself: no slow request may delay the next one.
EMERGENCY = Timeouts(read_with_retries=20.0, attempts=2)


class Pause(Protocol):
    """Sleeping and the clock that measures it, replaceable in tests."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def monotonic(self) -> float:
        """Seconds since a fixed instant; never decreases."""
        ...


class RealPause:
    """Sleeps by the machine's clock."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def monotonic(self) -> float:
        """Seconds since a fixed instant; never decreases."""
        return time.monotonic()
