"""The exchange's time and what can be traded: clock, calendar, assets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.fakes.alpaca.house import House, View
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import moment, new_york_instant
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import Asset, SessionHours
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date

#: How far the calendar goes.
_FIRST, _LAST = date(1970, 1, 1), date(2029, 12, 31)


def clock(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    now = exchange.now()
    today = house.calendar.hours(new_york_date(now))
    following = house.calendar.following(new_york_date(now))
    to_open = today if today is not None and now < today.opens else following
    to_close = today if today is not None and now < today.closes else following
    body = {
        "timestamp": new_york_instant(now),
        "is_open": today is not None and today.opens <= now < today.closes,
        "next_open": new_york_instant(to_open.opens),
        "next_close": new_york_instant(to_close.closes),
    }
    return Answer(200, body)


def calendar(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    query = arrival.query
    first = max(moment(query["start"], "start").date(), _FIRST) if "start" in query else _FIRST
    last = min(moment(query["end"], "end").date(), _LAST) if "end" in query else _LAST
    return Answer(200, [_day(house, hours) for hours in house.calendar.between(first, last)])


def _day(house: House, hours: SessionHours) -> dict[str, str]:
    settles = house.calendar.following(hours.session)
    if hours.session < date(2024, 5, 28):  # since then trades settle a day later, not two
        settles = house.calendar.following(settles.session)
    return {
        "date": hours.session.isoformat(),
        "open": f"{hours.opens.astimezone(NEW_YORK):%H:%M}",
        "close": f"{hours.closes.astimezone(NEW_YORK):%H:%M}",
        "session_open": "0400",
        "session_close": f"{hours.closes.astimezone(NEW_YORK) + timedelta(hours=4):%H%M}",
        "settlement_date": settles.session.isoformat(),
    }


# --- assets ------------------------------------------------------------------------------------


def assets(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    wanted = arrival.query.get("status")
    if arrival.query.get("asset_class", "us_equity") != "us_equity":
        return Answer(200, [])
    with house.looking(exchange) as view:
        listed = view.paper.store._sql.execute("SELECT symbol FROM symbols ORDER BY symbol").fetchall()
        known = (view.paper.asset(symbol) for (symbol,) in listed)
        found = [_asset(house, view, asset) for asset in known if asset is not None]
    return Answer(200, [asset for asset in found if wanted is None or asset["status"] == wanted])


def asset(house: House, exchange: PaperExchange, arrival: Arrival, symbol: str) -> Answer:
    with house.looking(exchange) as view:
        known = view.paper.asset(symbol)
        if known is None:
            raise Refusal(404, 40410000, f"asset not found for {symbol}")
        return Answer(200, _asset(house, view, known))


def _asset(house: House, view: View, asset: Asset) -> dict[str, Any]:
    return {
        "id": view.names.asset(asset.symbol),
        "class": "us_equity",
        "exchange": "NYSE",
        "symbol": asset.symbol,
        "name": f"{asset.symbol} Common Stock",
        "status": "active",
        "tradable": asset.tradable,
        "marginable": True,
        "maintenance_margin_requirement": 30,
        "margin_requirement_long": "30",
        "margin_requirement_short": "100",
        "shortable": view.paper.rules.allow_short,
        "easy_to_borrow": view.paper.rules.allow_short,
        "fractionable": asset.fractionable,
        "attributes": [],
        **house.terms.assets.get(asset.symbol, {}),
    }
