"""The newest prices."""

from __future__ import annotations

from typing import Any

from tests.fakes.robinhood.house import House, View
from tests.fakes.robinhood.messages import Refusal, not_found
from tests.fakes.robinhood.notation import price, to_the_second
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange


def quotes(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """A row for each symbol that is asked for, in that order; null for one that is not known (captured).

    A guess: 400 where none is known, as clients report it.
    """
    asked = [symbol for symbol in arrival.query.get("symbols", "").split(",") if symbol]
    if not asked:
        raise Refusal(400, "Must specify symbols.")
    with house.looking(exchange) as view:
        told = [_quote(house, view, house.own(symbol)) for symbol in asked if symbol not in house.terms.left_out]
    if not any(told):
        raise Refusal(400, {"missing_instruments": asked})
    return Answer(200, {"results": told})


def quote(house: House, exchange: PaperExchange, arrival: Arrival, symbol: str) -> Answer:
    with house.looking(exchange) as view:
        told = _quote(house, view, house.own(symbol))
    if told is None:
        raise not_found()
    return Answer(200, told)


def by_ids(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """As ``quotes``, by the ids of instruments (captured)."""
    with house.looking(exchange) as view:
        symbols = [view.symbol_of(each) for each in arrival.query.get("ids", "").split(",") if each]
        told = [_quote(house, view, symbol) for symbol in symbols if symbol not in house.terms.left_out]
    return Answer(200, {"results": told})


def by_id(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    with house.looking(exchange) as view:
        told = _quote(house, view, view.symbol_of(identifier))
    if told is None:
        raise not_found()
    return Answer(200, told)


def _quote(house: House, view: View, symbol: str | None) -> dict[str, Any] | None:
    """The keys of the captured answer by ids. That bid and ask are ``spread`` off the last price is made up."""
    found = None if symbol is None or symbol in house.terms.quotes_missing else view.paper.quote(symbol)
    if found is None or symbol is None:
        return None
    before = view.paper.store.prices.traded_before(symbol, view.paper.state.session)
    raw = found.last if before is None else before.close
    adjusted = raw if found.previous_close is None else found.previous_close
    at, spread = to_the_second(found.at), house.terms.spread
    return {
        "adjusted_previous_close": price(adjusted),
        "ask_price": price(found.last + spread),
        "ask_size": 100,
        "bid_price": price(max(found.last - spread, spread)),
        "bid_size": 100,
        "has_traded": True,
        "instrument": view.names.instrument(symbol),
        "instrument_id": view.names.instrument_id(symbol),
        "last_extended_hours_trade_price": None,
        "last_non_reg_trade_price": None,
        "last_non_reg_trade_price_source": "",
        "last_trade_price": price(found.last),
        "last_trade_price_source": "consolidated",
        "previous_close": price(raw),
        "previous_close_date": (before.session if before is not None else view.paper.state.session).isoformat(),
        "state": "active",
        "symbol": house.shown(symbol),
        "trading_halted": False,
        "updated_at": at,
        "venue_ask_time": at,
        "venue_bid_time": at,
        "venue_last_non_reg_trade_time": None,
        "venue_last_trade_time": at,
    }
