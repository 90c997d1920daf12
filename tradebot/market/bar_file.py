"""The file of bars. One that is damaged or of another host is ignored.

Where the bars can be fetched again, so is one of another calendar. Where they cannot, nothing of them is given up: they
are laid out by the new calendar, and a file that cannot be used is put aside under another name.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from contextlib import suppress
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
    irreplaceable: bool = False  # whether some of the bars cannot be fetched again

    def load(self) -> Bars | None:
        """The bars saved last; None without a usable file."""
        payload = read_cache_file(self.path, self._label)
        if payload is None:
            self._put_aside()
            return None
        with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
            sessions = tuple(date.fromordinal(int(day)) for day in stored["sessions"])
            bars = Bars(tuple(map(str, stored["symbols"])), sessions, stored["values"])
        expected = tuple(hours.session for hours in self.calendar.between(sessions[0], sessions[-1]))
        if sessions == expected:
            return bars
        return _laid_out(bars, expected) if self.irreplaceable else None  # the calendar may have been corrected since

    def save(self, bars: Bars, settled: date) -> None:
        """Save the bars that will not change: those of sessions up to ``settled``. Without such a bar nothing is saved.

        Unless bars are irreplaceable, the newest session is left out while a symbol with a bar in the session before
        lacks one: it may still come. A file that cannot be written is only logged: it costs time and nothing else.
        """
        bars = bars.select(bars.symbols, date.min, settled)
        if not self.irreplaceable:
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

    def _put_aside(self) -> None:
        """Rename a file that cannot be used, where its bars may be worth a repair by hand."""
        if not self.irreplaceable or not self.path.is_file():
            return
        aside = self.path.with_name(f"{self.path.name}.unusable")
        _LOG.warning("%s is damaged or of another host: it lies in %s now, and bars are fetched anew", self.path, aside)
        with suppress(OSError):
            self.path.replace(aside)

    @property
    def _label(self) -> str:
        return f"bars {FORMAT}, {self.label}"


def _without_incomplete_session(bars: Bars) -> Bars:
    """The bars without the newest session, if a symbol with a bar in the session before has none in it."""
    has_bar = bars.has_bar()
    if len(bars.sessions) < 2 or not (has_bar[-2] & ~has_bar[-1]).any():
        return bars
    return bars.select(bars.symbols, date.min, bars.sessions[-2])


def _laid_out(bars: Bars, sessions: Sequence[date]) -> Bars:
    """The bars in a table with other sessions. A bar of a day that is none of them is left out."""
    laid_out = Bars.empty(bars.symbols, sessions)
    row_of = {session: row for row, session in enumerate(bars.sessions)}
    for row, session in enumerate(sessions):
        if session in row_of:
            laid_out.values[:, row] = bars.values[:, row_of[session]]
    return laid_out
