"""What market data over kept bars has alike: spans of days, and the history that was asked for last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

import pytest

from tradebot.core.model.account import ActionKind, CorporateAction, MarketClock, Quote
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.market.bar_frames import as_history
from tradebot.market.bar_market import BarMarket, HistoryQuery
from tradebot.market.bar_table import Bars
from tradebot.market.calendar import NyseCalendar
from tradebot.strategy_api import History

WED, THU, FRI = date(2007, 1, 3), date(2007, 1, 4), date(2007, 1, 5)
CALENDAR = NyseCalendar()


class Kept:
    """Bars of A."""

    def symbols_with_bars(self) -> frozenset[str]:
        return frozenset({"A"})

    def newest_session(self, first: date, last: date, settled: date) -> date | None:
        return min(last, settled)


class Market(BarMarket):
    """Market data of A, with an action on each of three days."""

    _kept = Kept()

    def __init__(self) -> None:
        super().__init__(CALENDAR)
        self.asked: list[HistoryQuery] = []

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        return {symbol: Quote(symbol, Decimal(1), at(THU, 10)) for symbol in symbols if symbol == "B"}

    def _adjusted(self, query: HistoryQuery, now: datetime) -> History:
        self.asked.append(query)
        return as_history(Bars.empty(query.symbols, [WED]), query.symbols)

    def _announced(self, symbols: frozenset[str], first: date, clock: MarketClock) -> Iterable[CorporateAction]:
        return [CorporateAction("A", day, ActionKind.SPLIT, Decimal(2)) for day in (WED, THU, FRI)]


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK)


def clock(hour: int) -> MarketClock:
    return MarketClock(at(THU, hour), hour >= 10, CALENDAR.hours(THU), CALENDAR.previous(THU), CALENDAR.following(THU))


@pytest.mark.parametrize(("hour", "ahead"), [(9, [THU, FRI]), (10, [FRI])])
def test_an_action_of_today_is_ahead_until_the_open(hour: int, ahead: list[date]) -> None:
    told = Market().upcoming_actions(["A"], clock(hour), 1)
    assert [action.ex_date for action in told] == ahead


def test_actions_since_a_day_reach_to_today() -> None:
    assert [action.ex_date for action in Market().actions_since(["A"], THU, clock(9))] == [THU]
    assert Market().actions_since([], WED, clock(9)) == ()


def test_a_symbol_is_known_by_a_bar_or_a_price() -> None:
    assert Market().known(["A", "B", "C"]) == {"A", "B"}


def test_the_same_question_is_answered_with_the_same_history() -> None:
    market = Market()
    first = market.history(["A"], 2, clock(9))
    assert market.history(["A"], 2, clock(10)) is first
    assert market.history(["A"], 3, clock(10)) is not first
    assert [(query.last, query.as_of) for query in market.asked] == [(WED, THU)] * 2
