"""The exchange's hours, and what can be traded."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from tests.fakes.robinhood.house import House, View
from tests.fakes.robinhood.messages import not_found
from tests.fakes.robinhood.notation import number, to_the_second
from tests.fakes.robinhood.paging import page
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import ActionKind
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.values import ONE

_MARKETS = ("XNYS", "XNAS")


def markets(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    with house.looking(exchange) as view:
        told = [
            {
                "acronym": mic[1:],
                "mic": mic,
                "name": mic,
                "operating_mic": mic,
                "timezone": "US/Eastern",
                "todays_hours": view.names.url(f"/markets/{mic}/hours/{view.paper.state.session}/"),
                "url": view.names.url(f"/markets/{mic}/"),
            }
            for mic in _MARKETS
        ]
        return page(house, view.names, arrival, told)


def hours(house: House, exchange: PaperExchange, arrival: Arrival, mic: str, day: str) -> Answer:
    """The hours of a date (captured); of a day on which the exchange is closed, null. A guess: null."""
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        raise not_found() from None
    if mic not in _MARKETS:
        raise not_found()
    found = house.calendar.hours(asked)
    following, previous = house.calendar.following(asked), house.calendar.previous(asked)
    with house.looking(exchange) as view:

        def url(session: date) -> str:
            return view.names.url(f"/markets/{mic}/hours/{session}/")

        body: dict[str, Any] = {
            "date": asked.isoformat(),
            "is_open": found is not None,
            "opens_at": None if found is None else to_the_second(found.opens),
            "closes_at": None if found is None else to_the_second(found.closes),
            "extended_opens_at": None if found is None else _at(asked, time(7)),
            "extended_closes_at": None if found is None else to_the_second(found.closes + timedelta(hours=4)),
            "all_day_opens_at": None if found is None else _at(asked - timedelta(days=1), time(20)),
            "all_day_closes_at": None if found is None else _at(asked, time(20)),
            "late_option_closes_at": None if found is None else to_the_second(found.closes + timedelta(minutes=15)),
            "next_open_hours": url(following.session),
            "previous_open_hours": url(previous.session),
        }
        return Answer(200, body)


def _at(day: date, wall: time) -> str:
    return to_the_second(datetime.combine(day, wall, tzinfo=NEW_YORK))


# --- instruments -------------------------------------------------------------------------------------


def instruments(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """By symbol, or by a list of ids; an unknown one is left out. A guess: the order is that of the ids."""
    query = arrival.query
    with house.looking(exchange) as view:
        symbols: list[str | None]
        if "symbol" in query:
            symbols = [house.own(query["symbol"])]
        elif "ids" in query:
            symbols = [view.symbol_of(each) for each in query["ids"].split(",")]
        else:
            listed = view.paper.store._sql.execute("SELECT symbol FROM symbols ORDER BY symbol").fetchall()
            symbols = [symbol for (symbol,) in listed]
        told = [_instrument(house, view, symbol) for symbol in symbols if symbol is not None]
        return page(house, view.names, arrival, [each for each in told if each is not None])


def instrument(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    with house.looking(exchange) as view:
        symbol = view.symbol_of(identifier)
        told = None if symbol is None else _instrument(house, view, symbol)
        if told is None:
            raise not_found()
        return Answer(200, told)


def splits(house: House, exchange: PaperExchange, arrival: Arrival, identifier: str) -> Answer:
    """The splits of an instrument up to today. Known from clients only."""
    with house.looking(exchange) as view:
        symbol, names = view.symbol_of(identifier), view.names
        if symbol is None:
            raise not_found()
        actions = view.paper.store.prices.actions_between(date.min, view.paper.state.session)
        found = [each for each in actions if each.symbol == symbol and each.kind is ActionKind.SPLIT]
        told = [
            {
                "divisor": number(ONE),
                "execution_date": each.ex_date.isoformat(),
                "instrument": names.instrument(symbol),
                "multiplier": number(each.value),
                "url": names.url(f"/instruments/{identifier}/splits/{names.other(f'{symbol} {each.ex_date}')}/"),
            }
            for each in found
        ]
        return page(house, names, arrival, told)


def _instrument(house: House, view: View, symbol: str) -> dict[str, Any] | None:
    """What the service tells of a stock (captured, without what nobody here asks for); None before it is listed."""
    asset, names = view.paper.asset(symbol), view.names
    if asset is None:
        return None
    shown, url = house.shown(symbol), names.instrument(symbol)
    listed = view.paper.store.prices.listed_since(symbol)
    told = {
        "affiliate": "rhf",
        "affiliate_tradability": "tradable",
        "all_day_tradability": "tradable",
        "bloomberg_unique": f"EQ{names.instrument_id(symbol)[:10]}",
        "country": "US",
        "day_trade_ratio": "0.2500",
        "default_collar_fraction": "0.05",
        "default_preset_percent_limit": "0.05",
        "fractional_tradability": "tradable",
        "fundamentals": names.url(f"/fundamentals/{shown}/"),
        "id": names.instrument_id(symbol),
        "internal_halt_reason": "",
        "is_spac": False,
        "is_test": False,
        "issuer_type": "third_party",
        "list_date": None if listed is None else listed.isoformat(),
        "maintenance_ratio": "0.2500",
        "margin_initial_ratio": "0.5000",
        "market": names.url("/markets/XNYS/"),
        "min_tick_size": None,
        "name": f"{shown} Common Stock",
        "otc_market_tier": "",
        "quote": names.url(f"/quotes/{shown}/"),
        "rhs_tradability": "tradable",
        "short_selling_tradability": "untradable",
        "simple_name": shown,
        "splits": f"{url}splits/",
        "state": "active" if asset.tradable else "inactive",
        "symbol": shown,
        "tax_security_type": "stock",
        "tradability": "tradable" if asset.tradable else "untradable",
        "tradable_chain_id": None,
        "tradeable": asset.tradable,
        "type": "stock",
        "url": url,
    }
    return told | house.terms.instruments.get(symbol, {})
