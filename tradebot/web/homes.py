"""The homes that the server serves: its own, and those of the user's list. No request can name a folder."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tradebot.core.results.home_places import HomePlace, home_names

_LOG = logging.getLogger(__name__)
#: Seconds for which the list of homes is not read again.
_KEPT = 5.0


@dataclass(frozen=True, slots=True)
class ServedHome:
    """A home of the server."""

    name: str  # as in ?home=NAME
    folder: str  # its path
    trouble: str = ""  # why it cannot be worked in; "" for none

    @property
    def path(self) -> Path:
        """Its folder."""
        return Path(self.folder)


class Homes:
    """The homes by name. ``own``: the folder of the server's own; ``read``: reads the list, which may take a while."""

    def __init__(
        self, own: str, read: Callable[[], Sequence[HomePlace]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self.own = own
        self._read = read
        self._now = now
        self._homes = named(read())
        self._read_at = now()
        self._reading = threading.Lock()

    def all(self) -> tuple[ServedHome, ...]:
        """Every home. A list older than five seconds is read again meanwhile, so that no request waits for it."""
        homes = self._homes
        if self._now() - self._read_at > _KEPT and self._reading.acquire(blocking=False):
            threading.Thread(target=self._refresh, daemon=True).start()
        return homes

    def _refresh(self) -> None:
        try:
            self._homes = named(self._read())
        except Exception:  # noqa: BLE001 - the list that was read before goes on
            _LOG.exception("the list of homes cannot be read again")
        finally:
            self._read_at = self._now()
            self._reading.release()


def named(places: Sequence[HomePlace]) -> tuple[ServedHome, ...]:
    """The homes with names that tell them apart."""
    names = home_names([place.home for place in places])
    return tuple(ServedHome(name, place.home, place.trouble) for name, place in zip(names, places, strict=True))
