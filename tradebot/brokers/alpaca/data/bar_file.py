"""The file of bars that were fetched before. It is believed only if nothing about it is odd."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from tradebot.brokers.alpaca.cache_file import read_cache_file, write_cache_file
from tradebot.brokers.alpaca.data.bars import Bars
from tradebot.ports import Calendar

FORMAT = 1

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BarShelf:
    """Where bars lie between two runs. ``label`` says whose they are, such as the host and the feed."""

    path: Path
    label: str
    calendar: Calendar

    def load(self) -> Bars | None:
        """The bars that are here; None when there are none, or none that can be used."""
        payload = read_cache_file(self.path, self._label)
        if payload is None:
            return None
        with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
            sessions = tuple(date.fromordinal(int(day)) for day in stored["sessions"])
            bars = Bars(tuple(map(str, stored["symbols"])), sessions, stored["values"])
        expected = tuple(hours.session for hours in self.calendar.between(sessions[0], sessions[-1]))
        return bars if sessions == expected else None  # it was written before the calendar was corrected

    def save(self, bars: Bars, settled: date) -> None:
        """Keep what will be believed later: bars of sessions up to ``settled``, and nothing if there is not one.

        The newest session is left out while a symbol that traded the session before has no bar of it: it may come. A
        cache that cannot be written costs time and nothing else, so that is only logged.
        """
        bars = _without_late_comers(bars.of(bars.symbols, date.min, settled))
        if not bars.traded_symbols():
            return
        payload = io.BytesIO()
        sessions = np.array([session.toordinal() for session in bars.sessions], dtype=np.int32)
        np.savez(payload, symbols=np.array(bars.symbols), sessions=sessions, values=bars.values)
        try:
            write_cache_file(self.path, self._label, payload.getvalue())
        except OSError as error:
            _LOG.warning("the bars could not be kept in %s, so they will be fetched again: %s", self.path, error)

    @property
    def _label(self) -> str:
        return f"bars {FORMAT}, {self.label}"


def _without_late_comers(bars: Bars) -> Bars:
    """The bars without the newest session, if a bar of it is missing of a symbol that has one of the session before."""
    have = bars.have()
    if len(bars.sessions) < 2 or not (have[-2] & ~have[-1]).any():
        return bars
    return bars.of(bars.symbols, date.min, bars.sessions[-2])
