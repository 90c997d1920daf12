"""Robinhood's prices as they were traded, for an embedded exchange that follows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isnan, log
from typing import TYPE_CHECKING

from tradebot.brokers.robinhood.data.market_data import RobinhoodMarket
from tradebot.core.model.account import ActionKind, CorporateAction, DayBar, MarketClock, Quote
from tradebot.core.model.candles import Candle
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import SUB_PENNY
from tradebot.ports import Calendar, Clock

if TYPE_CHECKING:
    from tradebot.market.bar_table import Bars
    from tradebot.market.price_file import PriceFile


class RobinhoodLivePrices:
    """Quotes, candles and bars of ``market``, none adjusted; implements ports.LivePrices.

    older: the home's own price file. Its dividends are the known ones: Robinhood tells none of shares that its account
    does not hold.
    """

    def __init__(
        self, market: RobinhoodMarket, clock: Clock, calendar: Calendar, older: PriceFile | None = None
    ) -> None:
        self._market = market
        self._clock = clock
        self._calendar = calendar
        self._older = older

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest quote of each symbol that has one."""
        return self._market.quotes(symbols)

    def candles(self, symbols: Iterable[str], since: datetime, until: datetime) -> Mapping[str, tuple[Candle, ...]]:
        """The five-minute candles of the last week that overlap the time from ``since`` to ``until``, in order."""
        return self._as_traded(self._market.candles(symbols, since, until))

    def day_bars(self, symbols: Iterable[str], first: date, last: date) -> Mapping[str, tuple[DayBar, ...]]:
        """The bars of the completed sessions from ``first`` to ``last``, in order."""
        wanted = sorted(symbols)
        table = self._market.bars_since(wanted, first)
        traded = self._as_traded({symbol: tuple(_candles(table, symbol, self._calendar)) for symbol in wanted})
        return {
            symbol: tuple(bar for candle in candles if (bar := _bar(symbol, candle)).session <= last)
            for symbol, candles in traded.items()
        }

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        """The splits by Robinhood, and the dividends of the home's own price file, by ex-date."""
        wanted = frozenset(symbols)
        splits = self._market.actions_since(wanted, first, clock)
        of_file = () if self._older is None else self._older.actions()
        today = new_york_date(clock.now)
        dividends = (
            action
            for action in of_file
            if action.kind is ActionKind.DIVIDEND and action.symbol in wanted and first <= action.ex_date <= today
        )
        return tuple(sorted((*splits, *dividends), key=lambda action: (action.ex_date, action.symbol)))

    def _as_traded(self, found: Mapping[str, tuple[Candle, ...]]) -> dict[str, tuple[Candle, ...]]:
        """The candles without adjustment for the splits after them. Those of today need none."""
        now = self._clock.now()
        begins = min((candles[0].begins for candles in found.values() if candles), default=now)
        first = new_york_date(begins) + timedelta(days=1)
        if first > new_york_date(now):
            return dict(found)
        clock = MarketClock(now=now, is_open=False, today=None, previous=None, upcoming=None)
        actions = self._market.actions_since(found, first, clock)
        splits = [action for action in actions if action.kind is ActionKind.SPLIT]
        newest = self._market.quotes({split.symbol for split in splits})
        return {
            symbol: as_traded(candles, [split for split in splits if split.symbol == symbol], newest.get(symbol))
            for symbol, candles in found.items()
        }


def as_traded(candles: Sequence[Candle], splits: Sequence[CorporateAction], newest: Quote | None) -> tuple[Candle, ...]:
    """The candles of one symbol without adjustment for ``splits``.

    Robinhood's candles are said to be adjusted. When that happens on the day of a split is not known, so the prices on
    both sides of the split decide; after the last candle it is the price of ``newest``.
    """
    candles = tuple(candles)
    for split in sorted(splits, key=lambda split: split.ex_date, reverse=True):
        before = [candle for candle in candles if new_york_date(candle.begins) < split.ex_date]
        after = candles[len(before) :]
        price = after[0].open if after else (newest.last if newest else None)
        if before and (price is None or _is_adjusted(before[-1].close, price, split.value)):
            candles = (*(_multiplied(candle, split.value) for candle in before), *after)
    return candles


def _is_adjusted(close: Decimal, opened: Decimal, ratio: Decimal) -> bool:
    """Whether the close before a split is nearer to the price after it than to what it was before."""
    return abs(log(opened / close)) < abs(log(opened * ratio / close))


def _multiplied(candle: Candle, ratio: Decimal) -> Candle:
    opened, high, low, close = (
        (price * ratio).quantize(SUB_PENNY) for price in (candle.open, candle.high, candle.low, candle.close)
    )
    return replace(candle, open=opened, high=high, low=low, close=close, volume=int(candle.volume / ratio))


def _candles(table: Bars, symbol: str, calendar: Calendar) -> Iterable[Candle]:
    """The bars of a symbol as candles of whole sessions."""
    column = table.symbols.index(symbol)
    for row, session in enumerate(table.sessions):
        values = [float(value) for value in table.values[:, row, column]]
        hours = calendar.hours(session)
        if hours is None or isnan(values[3]):
            continue
        opened, high, low, close = (Decimal(repr(value)).quantize(SUB_PENNY) for value in values[:4])
        yield Candle(hours.opens, hours.closes, opened, high, low, close, int(values[4]))


def _bar(symbol: str, whole: Candle) -> DayBar:
    session = new_york_date(whole.begins)
    return DayBar(symbol, session, whole.open, whole.high, whole.low, whole.close, whole.volume)
