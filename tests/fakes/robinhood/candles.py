"""Candles: by day, adjusted for splits, and by five or ten minutes of today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.robinhood.house import House, View
from tests.fakes.robinhood.messages import Refusal, not_found
from tests.fakes.robinhood.notation import midnight, price, to_the_second
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange, Phase
from tradebot.core.model.account import DayBar

_SPANS = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
    "3month": timedelta(days=92),
    "year": timedelta(days=365),
    "5year": timedelta(days=5 * 365 + 1),
}
#: Which spans go with an interval (by the source of robin_stocks; five years of days by that of newer clients).
_INTERVALS: dict[str, tuple[str, ...]] = {
    "5minute": ("day", "week"),
    "10minute": ("day", "week"),
    "day": ("week", "month", "3month", "year", "5year"),
}
_MINUTES = {"5minute": 5, "10minute": 10}


def by_symbols(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """A row for each symbol. A guess: null for one that is not known, as with quotes."""
    asked = [symbol for symbol in arrival.query.get("symbols", "").split(",") if symbol]
    with house.looking(exchange) as view:
        told = [_row(house, view, house.own(symbol), arrival) for symbol in asked if symbol not in house.terms.left_out]
    return Answer(200, {"results": told})


def by_symbol(house: House, exchange: PaperExchange, arrival: Arrival, symbol: str) -> Answer:
    return _one(house, exchange, arrival, house.own(symbol))


def by_ids(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    with house.looking(exchange) as view:
        symbols = [view.symbol_of(each) for each in arrival.query.get("ids", "").split(",") if each]
        told = [_row(house, view, symbol, arrival) for symbol in symbols if symbol not in house.terms.left_out]
    return Answer(200, {"results": told})


def by_id(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """The candles of one instrument (captured)."""
    with house.looking(exchange) as view:
        symbol = view.symbol_of(identifier)
    return _one(house, exchange, arrival, symbol)


def _one(house: House, exchange: PaperExchange, arrival: Arrival, symbol: str | None) -> Answer:
    with house.looking(exchange) as view:
        told = _row(house, view, symbol, arrival)
    if told is None:
        raise not_found()
    return Answer(200, told)


def _row(house: House, view: View, symbol: str | None, arrival: Arrival) -> dict[str, Any] | None:
    if symbol is None or view.paper.asset(symbol) is None:
        return None
    interval, span = arrival.query.get("interval", "day"), arrival.query.get("span", "year")
    if span not in _INTERVALS.get(interval, ()):
        raise Refusal(400, f"Invalid interval for span: {interval}, {span}.")
    instrument, shown = view.names.instrument(symbol), house.shown(symbol)
    return {
        "InstrumentID": view.names.instrument_id(symbol),
        "bounds": arrival.query.get("bounds", "regular"),
        "historicals": _candles(house, view, symbol, interval, span),
        "instrument": instrument,
        "interval": interval,
        "quote": view.names.url(f"/quotes/{shown}/"),
        "span": span,
        "symbol": shown,
    }


def _candles(house: House, view: View, symbol: str, interval: str, span: str) -> list[dict[str, Any]] | None:
    if interval != "day":
        return list(_of_today(view, symbol, timedelta(minutes=_MINUTES[interval])))
    if span == "5year" and house.terms.five_years == "null":
        return None
    short = span == "5year" and house.terms.five_years == "a year"
    first = view.paper.state.session - _SPANS["year" if short else span]
    return list(_days(house, view, symbol, first))


def _days(house: House, view: View, symbol: str, first: date) -> Iterator[dict[str, Any]]:
    """A candle a session, on today's basis of splits.

    One without a trade is interpolated, at the close before. The key is captured; what such a candle has is a guess.
    """
    paper, today = view.paper, view.paper.state.session
    over = paper.state.phase is Phase.CLOSED or house.terms.todays_candle == "from the open"
    last = today if over and paper.state.phase is not Phase.PRE_OPEN else today - timedelta(days=1)
    rows = paper.store._sql.execute(
        "SELECT s.session, b.open, b.high, b.low, b.close, b.volume FROM sessions s "
        "LEFT JOIN bars b ON b.session = s.session AND b.symbol = ? WHERE s.session >= ? AND s.session <= ? "
        "ORDER BY s.session",
        (symbol, first.isoformat(), last.isoformat()),
    )
    close = None
    for session, *told in rows:
        day = date.fromisoformat(session)
        ratio = paper.store.prices.split_ratio(symbol, day, today)
        if told[0] is not None and told[4]:
            prices = [Decimal(each) / ratio for each in told[:4]]
            close = prices[3]
            yield _candle(midnight(day), prices, int(told[4] * ratio), interpolated=False)
        elif close is not None:
            yield _candle(midnight(day), [close] * 4, 0, interpolated=True)


def _of_today(view: View, symbol: str, each: timedelta) -> Iterator[dict[str, Any]]:
    """The day in pieces, made up: the first has the open, the second the whole range, the others the close."""
    bar, hours, now = view.paper.traded_bar(symbol), view.paper.hours, view.paper.state.now
    begins = hours.opens
    while bar is not None and begins <= now and begins < hours.closes:
        yield _candle(to_the_second(begins), _piece(bar, (begins - hours.opens) // each), 100, interpolated=False)
        begins += each


def _piece(bar: DayBar, index: int) -> list[Decimal]:
    if index == 0:
        return [bar.open] * 4
    return [bar.open, bar.high, bar.low, bar.close] if index == 1 else [bar.close] * 4


def _candle(begins_at: str, prices: list[Decimal], volume: int, *, interpolated: bool) -> dict[str, Any]:
    opened, high, low, close = map(price, prices)
    return {
        "begins_at": begins_at,
        "close_price": close,
        "high_price": high,
        "interpolated": interpolated,
        "low_price": low,
        "open_price": opened,
        "session": "reg",
        "volume": volume,
    }
