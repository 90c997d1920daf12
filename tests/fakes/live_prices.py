"""Prices that come as time passes, made up of single trades, and a wall clock to pass it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tradebot.core.model.account import ActionKind, CorporateAction, DayBar, MarketClock, Quote
from tradebot.core.model.candles import Candle
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date
from tradebot.errors import BrokerUnavailable, TradebotError
from tradebot.market.calendar import NyseCalendar

CANDLE = timedelta(minutes=5)


def new_york(text: str) -> datetime:
    """An instant of "2007-01-03 09:35" in New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@dataclass
class LiveMarket:
    """Implements ports.LivePrices: what was traded until now, of the trades that it is given."""

    now: datetime
    trades: dict[str, list[tuple[datetime, Decimal]]] = field(default_factory=dict)
    actions: list[CorporateAction] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)  # symbols without quotes
    halted: set[str] = field(default_factory=set)  # symbols in which trading is halted
    spread: Decimal | None = None  # what bid and ask are off the last price; None: they are not told
    candles_reach: timedelta = timedelta(days=7)
    failure: TradebotError | None = None  # raised by every read
    asked: list[str] = field(default_factory=list)  # the names of the reads so far

    # --- hands -----------------------------------------------------------------------------------

    def at(self, text: str) -> datetime:
        """Pass the time until "2007-01-03 09:35" in New York."""
        self.now = new_york(text)
        return self.now

    def trade(self, symbol: str, session: str, trades: str) -> None:
        """Add trades of a session, "09:30 100, 10:02 94.5"."""
        for trade in trades.split(","):
            clock, price = trade.split()
            day, wall = date.fromisoformat(session), time.fromisoformat(clock)
            at = datetime.combine(day, wall, tzinfo=NEW_YORK)
            self.trades.setdefault(symbol, []).append((at, Decimal(price)))

    def act(self, symbol: str, ex_date: str, kind: ActionKind, value: str) -> None:
        self.actions.append(CorporateAction(symbol, date.fromisoformat(ex_date), kind, Decimal(value)))

    # --- ports.LivePrices --------------------------------------------------------------------------

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        self._note("quotes")
        quotes = {symbol: self._quote(symbol) for symbol in symbols if symbol not in self.silent}
        return {symbol: quote for symbol, quote in quotes.items() if quote is not None}

    def candles(self, symbols: Iterable[str], since: datetime, until: datetime) -> Mapping[str, tuple[Candle, ...]]:
        self._note("candles")
        reaches = max(since, self.now - self.candles_reach)
        found = {symbol: tuple(self._candles(symbol, reaches, until)) for symbol in symbols}
        return {symbol: candles for symbol, candles in found.items() if candles}

    def day_bars(self, symbols: Iterable[str], first: date, last: date) -> Mapping[str, tuple[DayBar, ...]]:
        self._note("day bars")
        days = [hours.session for hours in NyseCalendar().between(first, last) if hours.closes <= self.now]
        found = {symbol: tuple(bar for day in days if (bar := self._bar(symbol, day))) for symbol in symbols}
        return {symbol: bars for symbol, bars in found.items() if bars}

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        self._note("actions")
        wanted, last = set(symbols), new_york_date(self.now)
        return tuple(each for each in self.actions if each.symbol in wanted and first <= each.ex_date <= last)

    def _note(self, read: str) -> None:
        self.asked.append(read)
        if self.failure is not None:
            raise self.failure

    def _past(self, symbol: str) -> list[tuple[datetime, Decimal]]:
        return [trade for trade in sorted(self.trades.get(symbol, [])) if trade[0] <= self.now]

    def _quote(self, symbol: str) -> Quote | None:
        past = self._past(symbol)
        if not past:
            return None
        today = new_york_date(self.now)
        before = [price for at, price in past if new_york_date(at) < today]
        (at, last), off = past[-1], self.spread
        offers = (None, None) if off is None else (last - off, last + off)
        return Quote(symbol, last, at, before[-1] if before else None, symbol in self.halted, *offers)

    def _candles(self, symbol: str, since: datetime, until: datetime) -> Iterable[Candle]:
        by_candle: dict[datetime, list[Decimal]] = {}
        for at, price in self._past(symbol):
            by_candle.setdefault(at.replace(minute=at.minute // 5 * 5, second=0), []).append(price)
        for begins, prices in by_candle.items():
            if begins < until and begins + CANDLE > since:
                yield Candle(begins, begins + CANDLE, prices[0], max(prices), min(prices), prices[-1], 1000)

    def _bar(self, symbol: str, day: date) -> DayBar | None:
        prices = [price for at, price in self._past(symbol) if new_york_date(at) == day]
        return DayBar(symbol, day, prices[0], max(prices), min(prices), prices[-1], 1000) if prices else None


def no_answer() -> BrokerUnavailable:
    """What a read raises while the source cannot be reached."""
    return BrokerUnavailable("api.example did not answer")
