"""Which bars have to be fetched: those that are new, and whole histories that were rewritten or never seen."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date

from tradebot.brokers.alpaca.data.bar_file import BarShelf
from tradebot.brokers.alpaca.data.bars import PAGE, Bars, BarSource
from tradebot.errors import BrokerUnavailable

#: They trade in every session, so a session without a bar of any of them has not been published yet.
REFERENCES = ("AAPL", "MSFT", "SPY")
#: Sessions that are fetched once more to be compared, at least; more where they fit on the same page.
OVERLAP = 10
#: Sessions before the first one asked for that may pile up, day after day, until they are thrown away: three years.
MOST_OLDER = 750

_LOG = logging.getLogger(__name__)


class BarBook:
    """Bars by symbol and session. What a cold start would fetch and what this gives are the same.

    A bar that has been published should never change, but it may: a trade is corrected, or a symbol passes to another
    company. So each fetch of new bars fetches older ones with them, as many as one page holds, and a symbol of which
    any differs is fetched anew from the beginning.
    """

    def __init__(self, source: BarSource, shelf: BarShelf) -> None:
        self._source = source
        self._shelf = shelf
        self._held: Bars | None = None

    def bars(self, symbols: Iterable[str], first: date, last: date, settled: date) -> Bars:
        """Bars of ``symbols`` and of REFERENCES from session ``first`` to ``last``, which is over.

        Those after ``settled`` may still change today; they are not kept for later runs. Raises BrokerUnavailable.
        """
        wanted = sorted({*symbols, *REFERENCES})
        held = self._at_hand()
        if held is None or not _covers(held, wanted, first, last):
            held = self._kept(self._renewed(held, wanted, first, last), settled)
        elif held.sessions.index(first) > MOST_OLDER:
            held = self._kept(held.of(held.symbols, first, held.sessions[-1]), settled)
        return held.of(wanted, first, last)

    def newest(self, first: date, last: date, settled: date) -> date | None:
        """The newest session from ``first`` to ``last`` of which there is any bar, of the symbols last asked about."""
        held = self._at_hand()
        if held is not None and held.sessions[0] <= last:
            bars = self.bars(held.symbols, held.sessions[0], last, settled)
        else:
            bars = self.bars((), first, last, settled)
        return max(bars.traded_sessions(), default=None)

    def symbols_with_bars(self) -> frozenset[str]:
        """The symbols that there are bars of, among those asked about before; nothing is fetched."""
        held = self._at_hand()
        return frozenset() if held is None else frozenset(held.traded_symbols())

    def _at_hand(self) -> Bars | None:
        if self._held is None:
            self._held = self._shelf.load()
        return self._held

    def _kept(self, bars: Bars, settled: date) -> Bars:
        self._held = bars
        self._shelf.save(bars, settled)
        return bars

    def _renewed(self, held: Bars | None, wanted: Sequence[str], first: date, last: date) -> Bars:
        """The bars of ``wanted``, with as much of ``held`` as is still true."""
        if held is None or not held.sessions[0] <= first <= held.sessions[-1]:
            return self._source.fetch(wanted, first, last)
        held_symbols = set(held.symbols)
        known = [symbol for symbol in wanted if symbol in held_symbols]
        old = held.of(known, first, last)
        sessions = [hours.session for hours in self._source.calendar.between(first, last)]
        rewritten: set[str] = set()
        renewed = Bars.none(wanted, sessions)
        renewed.put(old)
        if known and old.sessions[-1] < last:
            new = len(sessions) - len(old.sessions)
            again = max(OVERLAP, PAGE // len(known) - new)
            tail = self._source.fetch(known, old.sessions[max(0, len(old.sessions) - again)], last)
            _refuse_to_forget(old, tail)
            rewritten = old.symbols_that_differ(tail)
            renewed.put(tail)
        whole = [symbol for symbol in wanted if symbol not in held_symbols or symbol in rewritten]
        if rewritten:
            _LOG.warning("history was rewritten, it is fetched anew: %s", ", ".join(sorted(rewritten)))
        if whole:
            renewed.put(self._source.fetch(whole, first, last))
        return renewed


def _covers(held: Bars, symbols: Iterable[str], first: date, last: date) -> bool:
    return held.sessions[0] <= first and last <= held.sessions[-1] and set(symbols) <= set(held.symbols)


def _refuse_to_forget(old: Bars, tail: Bars) -> None:
    """Raise BrokerUnavailable when there is no bar at all of sessions of which there were some."""
    before = old.of(tail.symbols, tail.sessions[0], old.sessions[-1])
    if before.have().any() and not tail.have().any():
        raise BrokerUnavailable(
            f"Alpaca sent no bar at all of {tail.sessions[0]} to {tail.sessions[-1]}, of which it had some before: "
            "that is no answer to trade on. Run the command again later."
        )
