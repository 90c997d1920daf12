"""Prices of Alpaca's that earlier jobs have stored in the home. No request is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.brokers.alpaca.data.corporate_action_cache import FetchedActions, stored_actions
from tradebot.brokers.alpaca.data.market_data import ACTIONS_FILE, BENCHMARK
from tradebot.core.model.account import CorporateAction
from tradebot.ports import Calendar

if TYPE_CHECKING:
    from tradebot.market.bar_table import Bars


class StoredPrices:
    """What the cache files in ``folder`` have. Without a usable file there is nothing."""

    def __init__(self, folder: Path, host: str, feed: str, calendar: Calendar) -> None:
        self._folder = folder
        self._host = host
        self._feed = feed
        self._calendar = calendar

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """The stored sessions from ``first`` to ``last`` with the unadjusted closes of SPY, USD a share."""
        bars = self._bars
        if bars is None or BENCHMARK not in bars.symbols:
            return ()
        return bars.select([BENCHMARK], first, last).closes(BENCHMARK)

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        """The stored closing prices of a session, of symbols whose splits and dividends since are stored as well."""
        bars, actions = self._bars, self._actions
        if bars is None or actions is None or session not in bars.sessions:
            return {}
        known = [symbol for symbol in bars.symbols if symbol in set(symbols) and actions.covers(symbol, session)]
        row = bars.select(known, session, session)
        return {symbol: Decimal(repr(close)) for symbol in known for _, close in row.closes(symbol)}

    def actions(self, symbols: Iterable[str], first: date) -> tuple[CorporateAction, ...]:
        """The stored splits and dividends with an ex-date on ``first`` or later."""
        return () if self._actions is None else self._actions.from_date(first, symbols)

    @cached_property
    def _bars(self) -> Bars | None:
        from tradebot.brokers.alpaca.data.bar_cache import bar_file

        return bar_file(self._folder, self._host, self._feed, self._calendar).load()

    @cached_property
    def _actions(self) -> FetchedActions | None:
        return stored_actions(self._folder / ACTIONS_FILE, self._host)
