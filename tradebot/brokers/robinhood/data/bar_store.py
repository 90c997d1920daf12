"""Daily bars that are kept and grow: Robinhood gives at most five years, and sometimes one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tradebot.brokers.robinhood.addresses import HISTORICALS
from tradebot.brokers.robinhood.data.historicals import Numbers, read_days
from tradebot.brokers.robinhood.data.joined_bars import join
from tradebot.brokers.robinhood.data.listings import Listings
from tradebot.brokers.robinhood.data.older_bars import OlderBars
from tradebot.errors import BrokerUnavailable
from tradebot.market.bar_file import BarFile
from tradebot.market.bar_table import REFERENCES, Bars
from tradebot.ports import Calendar

#: Five years with bars in fewer of their sessions are no daily bars.
LEAST_DENSITY = 0.6
#: Sessions without a bar after which a kept symbol is not asked for by itself any more.
FORGOTTEN_AFTER = 20

_LOG = logging.getLogger(__name__)

Days = Mapping[date, Numbers[float]]


class BarStore:
    """Bars by symbol and session, on the split basis of the newest answer.

    older: bars of the home from elsewhere, adjusted for splits, asked for where Robinhood's do not reach back far
    enough.
    """

    def __init__(self, listings: Listings, file: BarFile, calendar: Calendar, older: OlderBars | None = None) -> None:
        self._listings = listings
        self._file = file
        self._calendar = calendar
        self._older = older
        self._kept: Bars | None = None
        self._asked: dict[str, date] = {}  # the newest session asked for, by symbol, in this process
        self._looked_up: set[str] = set()  # in ``older``
        self._rebased: set[str] = set()

    @property
    def rebased(self) -> frozenset[str]:
        """The symbols whose split basis changed between two answers, seen in this process."""
        return frozenset(self._rebased)

    def bars(self, symbols: Iterable[str], first: date, last: date, settled: date) -> Bars:
        """Bars of ``symbols`` and of REFERENCES from session ``first`` to ``last``, which has closed.

        Bars after ``settled`` may still change today and are not saved. Raises BrokerUnavailable.
        """
        wanted = sorted({*symbols, *REFERENCES})
        kept = self._load()
        if stale := self._stale(kept, wanted, last):
            kept = self._save(self._updated(kept, stale, first, last), settled)
        assert kept is not None  # without any, every symbol is stale
        if (older := self._from_elsewhere(kept, wanted, first)) is not None:
            kept = self._save(self._with_older(kept, older), settled)
        return self._widened(kept, wanted, min(first, last), last).select(wanted, first, last)

    def newest_session(self, first: date, last: date, settled: date) -> date | None:
        """The newest session from ``first`` to ``last`` with a bar of any symbol that still trades."""
        kept = self._load()
        alive = () if kept is None else kept.select(kept.symbols, *_newest(kept, FORGOTTEN_AFTER)).traded_symbols()
        return max(self.bars(alive, first, last, settled).traded_sessions(), default=None)

    def symbols_with_bars(self) -> frozenset[str]:
        """The kept symbols with at least one bar, without a request."""
        kept = self._load()
        return frozenset() if kept is None else frozenset(kept.traded_symbols())

    # --- what is kept ----------------------------------------------------------------------------

    def _load(self) -> Bars | None:
        if self._kept is None:
            self._kept = self._file.load()
        return self._kept

    def _save(self, bars: Bars, settled: date) -> Bars:
        self._kept = bars
        self._file.save(bars, settled)
        return bars

    def _stale(self, kept: Bars | None, symbols: Sequence[str], last: date) -> list[str]:
        """The symbols that have no bar of session ``last``, and were not asked for in this process."""
        newest = () if kept is None else kept.select(kept.symbols, last, last).traded_symbols()
        return [each for each in symbols if each not in newest and self._asked.get(each, date.min) < last]

    def _shorter(self, kept: Bars, symbols: Sequence[str], first: date) -> list[str]:
        """The symbols whose kept bars begin after ``first``."""
        known = set(kept.symbols)
        part = kept.select([symbol for symbol in symbols if symbol in known], kept.sessions[0], first)
        reaching = set(part.traded_symbols())
        return [symbol for symbol in symbols if symbol not in reaching]

    def _from_elsewhere(self, kept: Bars, symbols: Sequence[str], first: date) -> Bars | None:
        """The bars of the home's own file of the symbols that do not reach back to ``first``; None without any."""
        if self._older is None:
            return None
        short = [symbol for symbol in self._shorter(kept, symbols, first) if symbol not in self._looked_up]
        self._looked_up |= set(short)
        return self._older.bars(short)

    def _widened(self, bars: Bars, symbols: Sequence[str], first: date, last: date) -> Bars:
        """The bars in a table that has every one of ``symbols``, and the sessions from ``first`` to ``last``."""
        first, last = min(first, bars.sessions[0]), max(last, bars.sessions[-1])
        sessions = [hours.session for hours in self._calendar.between(first, last)]
        everything = Bars.empty((*bars.symbols, *(each for each in symbols if each not in set(bars.symbols))), sessions)
        everything.overwrite(bars)
        return everything

    # --- what is asked for -----------------------------------------------------------------------

    def _updated(self, kept: Bars | None, stale: Sequence[str], first: date, last: date) -> Bars:
        """The kept bars, with what Robinhood has of the stale symbols."""
        short = set(stale) if kept is None else set(self._shorter(kept, stale, first))
        fetched = dict(self._five_years([symbol for symbol in stale if symbol in short]))
        fetched |= read_days(self._listings, [each for each in stale if each not in fetched], "year")
        self._asked |= dict.fromkeys(stale, last)
        newer = self._table(stale, fetched, last)
        if newer is None:
            return self._nothing_new(kept, stale, last)
        return newer if kept is None else self._with_older(newer, kept)

    def _five_years(self, symbols: Sequence[str]) -> Mapping[str, Days]:
        """The daily bars of five years, of the symbols of which Robinhood gives them."""
        try:
            found = read_days(self._listings, symbols, "5year")
        except BrokerUnavailable as error:
            _LOG.warning("five years of bars cannot be read, so that one year is asked for: %s", error)
            return {}
        daily = {symbol: days for symbol, days in found.items() if self._are_daily(days)}
        if missing := [symbol for symbol in symbols if symbol not in daily]:
            _LOG.info("Robinhood gives no five years of daily bars of %s", ", ".join(missing))
        return daily

    def _are_daily(self, days: Days) -> bool:
        sessions = self._calendar.between(min(days), max(days)) if days else ()
        return len(days) > LEAST_DENSITY * len(sessions)

    def _table(self, symbols: Sequence[str], fetched: Mapping[str, Days], last: date) -> Bars | None:
        """The fetched bars up to session ``last``; None without any. A bar of a later day is not complete."""
        begins = min((day for days in fetched.values() for day in days if day <= last), default=None)
        if begins is None:
            return None
        sessions = [hours.session for hours in self._calendar.between(begins, last)]
        bars, row_of = Bars.empty(symbols, sessions), {session: row for row, session in enumerate(sessions)}
        strange = set[date]()
        for column, symbol in enumerate(symbols):
            for day, numbers in fetched.get(symbol, {}).items():
                if day in row_of:
                    bars.values[:, row_of[day], column] = numbers
                elif day <= last:
                    strange.add(day)
        if strange:
            _LOG.warning("bars are left out of days without a session: %s", ", ".join(map(str, sorted(strange))))
        bars.remove_impossible()
        return bars if bars.traded_symbols() else None

    def _nothing_new(self, kept: Bars | None, stale: Sequence[str], last: date) -> Bars:
        """The kept bars, where no stale symbol has any bar. Raises BrokerUnavailable where that cannot be."""
        if set(stale) >= set(REFERENCES):
            raise self._listings.unusable(HISTORICALS, f"sent no bar of any of {', '.join(stale)}")
        return Bars.empty(stale, [last]) if kept is None else kept

    def _with_older(self, newer: Bars, older: Bars) -> Bars:
        """Both, on the split basis of the newer."""
        joined = join(older, self._widened(newer, (), older.sessions[0], older.sessions[-1]))
        self._rebased |= joined.rebased
        if joined.rebased:
            _LOG.warning("bars are on another split basis now: %s", ", ".join(sorted(joined.rebased)))
        if joined.dropped:
            _LOG.warning("older bars do not fit to the newer, and are left out: %s", ", ".join(sorted(joined.dropped)))
        return joined.bars


def _newest(bars: Bars, sessions: int) -> tuple[date, date]:
    return bars.sessions[-sessions:][0], bars.sessions[-1]
