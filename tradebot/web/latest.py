"""A value that is read anew once it is old, in a thread of its own: who asks for it is held up for a moment at most."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Thread, current_thread
from typing import Generic, TypeVar

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
#: Seconds after which a value says nothing of now.
_HOLDS = 15.0


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value that was read, and how old it is."""

    value: T
    age: float  # seconds since it was read

    @property
    def tells_of_now(self) -> bool:
        """Whether it is young enough to tell how things stand."""
        return self.age < _HOLDS


class Latest(Generic[T]):
    """The newest value of one source, read by one thread at a time."""

    def __init__(self, what: str, read: Callable[[], T], fresh_for: float) -> None:
        """``what``: names the value in the log; ``fresh_for``: seconds after which it is read again."""
        self._what = what
        self._read = read
        self._fresh_for = fresh_for
        self._lock = Lock()
        self._thread: Thread | None = None
        self._newest: tuple[T, float] | None = None  # with its time, as the next
        self._tried_at: float | None = None  # when the last read ended, by time.monotonic

    def begin(self) -> None:
        """Begin a read, where none is on its way and the last one is not of just now."""
        with self._lock:
            is_due = self._tried_at is None or time.monotonic() - self._tried_at >= self._fresh_for
            if is_due and self._thread is None:
                self._thread = Thread(target=self._run, name=self._what, daemon=True)
                self._thread.start()

    def newest(self) -> Known[T] | None:
        """The newest value, however old; None before the first."""
        found = self._newest
        return Known(found[0], time.monotonic() - found[1]) if found else None

    def get(self, seconds: float) -> Known[T] | None:
        """The newest value, after a read if one is due: it is waited for, for so many seconds at most."""
        self.begin()
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return self.newest()

    def forget(self) -> None:
        """Let no value be given that was read before now, or is being read."""
        with self._lock:
            self._newest = self._tried_at = self._thread = None

    def _run(self) -> None:
        found = None
        try:
            found = self._read(), time.monotonic()
        except Exception:  # noqa: BLE001 - a bug in one read ends neither the page nor the reads after it
            _LOG.exception("%s cannot be read", self._what)
        with self._lock:
            if self._thread is current_thread():  # else it was to be forgotten
                self._newest, self._tried_at, self._thread = found or self._newest, time.monotonic(), None


def of_now(known: Known[T] | None) -> T | None:
    """The value, unless it is unknown or too old to tell how things stand."""
    return known.value if known is not None and known.tells_of_now else None
