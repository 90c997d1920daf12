"""The cache file of bars. A file that is damaged, of another host or of another calendar is ignored."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from tradebot.home.cache_file import read_cache_file, write_cache_file
from tradebot.market.bar_table import Bars
from tradebot.ports import Calendar

FORMAT = 1

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BarFile:
    """Keeps bars between two runs."""

    path: Path
    label: str  # the origin of the bars: host and feed
    calendar: Calendar
    whole_sessions: bool = True  # whether a newest session that may be incomplete is left out

    def load(self) -> Bars | None:
        """The bars saved last; None without a usable file."""
        payload = read_cache_file(self.path, self._label)
        if payload is None:
            return None
        with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
            sessions = tuple(date.fromordinal(int(day)) for day in stored["sessions"])
            bars = Bars(tuple(map(str, stored["symbols"])), sessions, stored["values"])
        expected = tuple(hours.session for hours in self.calendar.between(sessions[0], sessions[-1]))
        return bars if sessions == expected else None  # the calendar may have been corrected since

    def save(self, bars: Bars, settled: date) -> None:
        """Save the bars that will not change: those of sessions up to ``settled``. Without such a bar nothing is saved.

        With ``whole_sessions`` the newest session is left out while a symbol with a bar in the session before lacks
        one: it may still come. A file that cannot be written is only logged: it costs time and nothing else.
        """
        bars = bars.select(bars.symbols, date.min, settled)
        if self.whole_sessions:
            bars = _without_incomplete_session(bars)
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


def _without_incomplete_session(bars: Bars) -> Bars:
    """The bars without the newest session, if a symbol with a bar in the session before has none in it."""
    has_bar = bars.has_bar()
    if len(bars.sessions) < 2 or not (has_bar[-2] & ~has_bar[-1]).any():
        return bars
    return bars.select(bars.symbols, date.min, bars.sessions[-2])
