"""The newest prices: snapshots, trades and quotes, for many symbols in one answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca.bars import bar_json, so_far, symbols_of
from tests.fakes.alpaca.house import House
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import instant
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import DayBar
from tradebot.core.model.values import ZERO, tick_size

_FEEDS = frozenset({"sip", "iex", "delayed_sip", "boats", "overnight", "otc"})


def snapshots(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    return Answer(200, _of_each(house, exchange, arrival, _snapshot))


def latest_trades(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    return Answer(200, {"trades": _of_each(house, exchange, arrival, lambda paper, last, _: _trade(paper, last))})


def latest_quotes(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    return Answer(200, {"quotes": _of_each(house, exchange, arrival, lambda paper, last, _: _quote(paper, last))})


def _of_each(
    house: House,
    exchange: PaperExchange,
    arrival: Arrival,
    told: Callable[[ExchangeView, DayBar, DayBar | None], dict[str, Any]],
) -> dict[str, Any]:
    """What is told of each symbol's newest bar and of the one before; a symbol that has none is left out.

    Prices of earlier days are as they were then, whatever has split since.
    """
    feed = arrival.query.get("feed", "iex")
    if feed not in _FEEDS:
        raise Refusal(400, None, f"invalid feed: {feed}")
    if feed == "sip" and not house.terms.real_time_sip:
        raise Refusal(403, None, "subscription does not permit querying recent SIP data")
    found = {}
    with exchange.reading() as paper:
        for symbol in symbols_of(arrival):
            before = paper.store.prices.traded_before(symbol, paper.state.session)
            today = so_far(paper, symbol)
            if today is not None:
                found[symbol] = told(paper, today, before)
            elif before is not None:
                found[symbol] = told(paper, before, paper.store.prices.traded_before(symbol, before.session))
    return found


def _snapshot(paper: ExchangeView, last: DayBar, before: DayBar | None) -> dict[str, Any]:
    minute = bar_json(last) | {"t": instant(_seen_at(paper, last).replace(second=0))}
    said = {
        "latestTrade": _trade(paper, last),
        "latestQuote": _quote(paper, last),
        "minuteBar": minute,
        "dailyBar": bar_json(last),
    }
    return said if before is None else {**said, "prevDailyBar": bar_json(before)}


def _trade(paper: ExchangeView, last: DayBar) -> dict[str, Any]:
    seen = instant(_seen_at(paper, last))
    return {"t": seen, "x": "V", "p": float(last.close), "s": 100, "c": ["@"], "i": 1, "z": "B"}


def _quote(paper: ExchangeView, last: DayBar) -> dict[str, Any]:
    """A tick on each side of the price while the market is open, and nothing at all while it is closed."""
    bid = ask = ZERO
    if paper.hours.opens <= paper.state.now < paper.hours.closes and last.session == paper.state.session:
        bid, ask = last.close - tick_size(last.close), last.close + tick_size(last.close)
    sizes = {"bs": 100 if bid else 0, "as": 100 if ask else 0}
    prices = {"bp": float(max(bid, Decimal(0))), "ap": float(ask)}
    return {"t": instant(_seen_at(paper, last)), "bx": "V", "ax": "V", **prices, **sizes, "c": ["R"], "z": "B"}


def _seen_at(paper: ExchangeView, last: DayBar) -> datetime:
    if last.session == paper.state.session:
        return min(paper.state.now, paper.hours.closes)
    known = paper.calendar.hours(last.session)
    return known.closes if known is not None else paper.hours.closes - timedelta(days=1)
