"""Cached bars: only new bars, new symbols and rewritten histories are fetched."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from tradebot.brokers.alpaca.data.bars import PAGE_SIZE, BarSource
from tradebot.errors import BrokerUnavailable
from tradebot.market.bar_file import BarFile
from tradebot.market.bar_table import REFERENCES, Bars
from tradebot.ports import Calendar

#: The least number of cached sessions that are fetched again to compare them; more if they fit on the same page.
OVERLAP = 10
#: Sessions before the first one asked for that may accumulate in the cache until they are dropped: three years.
MAX_OLDER_SESSIONS = 750

_LOG = logging.getLogger(__name__)


def bar_file(folder: Path, host: str, feed: str, calendar: Calendar) -> BarFile:
    """The file in ``folder`` of the unadjusted bars that a host gave of a feed."""
    return BarFile(folder / "alpaca_bars", f"{host}, {feed}, raw", calendar)


class BarCache:
    """Bars by symbol and session, the same as without a cache.

    A published bar should not change, but may: a trade is corrected, or a symbol passes to another company. Therefore
    each fetch of new bars includes older ones, as many as one page holds, and a symbol with any difference is fetched
    from the beginning.
    """

    def __init__(self, source: BarSource, file: BarFile) -> None:
        self._source = source
        self._file = file
        self._cached: Bars | None = None

    def bars(self, symbols: Iterable[str], first: date, last: date, settled: date) -> Bars:
        """Bars of ``symbols`` and of REFERENCES from session ``first`` to ``last``, which has closed.

        Bars after ``settled`` may still change today and are not saved. Raises BrokerUnavailable.
        """
        wanted = sorted({*symbols, *REFERENCES})
        cached = self._load()
        if cached is None or not _covers(cached, wanted, first, last):
            cached = self._save(self._updated(cached, wanted, first, last), settled)
        elif cached.sessions.index(first) > MAX_OLDER_SESSIONS:
            cached = self._save(cached.select(cached.symbols, first, cached.sessions[-1]), settled)
        return cached.select(wanted, first, last)

    def newest_session(self, first: date, last: date, settled: date) -> date | None:
        """The newest session from ``first`` to ``last`` with a bar of any symbol of the last request."""
        cached = self._load()
        if cached is not None and cached.sessions[0] <= last:
            bars = self.bars(cached.symbols, cached.sessions[0], last, settled)
        else:
            bars = self.bars((), first, last, settled)
        return max(bars.traded_sessions(), default=None)

    def symbols_with_bars(self) -> frozenset[str]:
        """The cached symbols with at least one bar, without a request."""
        cached = self._load()
        return frozenset() if cached is None else frozenset(cached.traded_symbols())

    def _load(self) -> Bars | None:
        if self._cached is None:
            self._cached = self._file.load()
        return self._cached

    def _save(self, bars: Bars, settled: date) -> Bars:
        self._cached = bars
        self._file.save(bars, settled)
        return bars

    def _updated(self, cached: Bars | None, wanted: Sequence[str], first: date, last: date) -> Bars:
        """The bars of ``wanted``, with every cached bar that is still valid."""
        if cached is None or not cached.sessions[0] <= first <= cached.sessions[-1]:
            return self._source.fetch(wanted, first, last)
        cached_symbols = set(cached.symbols)
        known = [symbol for symbol in wanted if symbol in cached_symbols]
        old = cached.select(known, first, last)
        sessions = [hours.session for hours in self._source.calendar.between(first, last)]
        rewritten: set[str] = set()
        updated = Bars.empty(wanted, sessions)
        updated.overwrite(old)
        if known and old.sessions[-1] < last:
            new_sessions = len(sessions) - len(old.sessions)
            overlap = max(OVERLAP, PAGE_SIZE // len(known) - new_sessions)
            recent = self._source.fetch(known, old.sessions[max(0, len(old.sessions) - overlap)], last)
            _refuse_lost_history(old, recent)
            rewritten = old.differing_symbols(recent)
            updated.overwrite(recent)
        from_beginning = [symbol for symbol in wanted if symbol not in cached_symbols or symbol in rewritten]
        if rewritten:
            _LOG.warning("history was rewritten, it is fetched anew: %s", ", ".join(sorted(rewritten)))
        if from_beginning:
            updated.overwrite(self._source.fetch(from_beginning, first, last))
        return updated


def _covers(cached: Bars, symbols: Iterable[str], first: date, last: date) -> bool:
    return cached.sessions[0] <= first and last <= cached.sessions[-1] and set(symbols) <= set(cached.symbols)


def _refuse_lost_history(old: Bars, recent: Bars) -> None:
    """Raise BrokerUnavailable when sessions that had bars have none at all now."""
    before = old.select(recent.symbols, recent.sessions[0], old.sessions[-1])
    if before.has_bar().any() and not recent.has_bar().any():
        raise BrokerUnavailable(
            f"Alpaca sent no bar at all of {recent.sessions[0]} to {recent.sessions[-1]}, of which it had some before: "
            "that is no answer to trade on. Run the command again later."
        )
