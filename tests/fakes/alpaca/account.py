"""The account, its settings, its positions, its activities and the history of its equity."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.fakes.alpaca.happenings import Happening
from tests.fakes.alpaca.house import House, View
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import MALFORMED, UNPROCESSABLE, instant, moment, number
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange, buying_power
from tradebot.core.model.account import Position
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ZERO, to_cents

_TRADES = frozenset({"FILL"})
_RATIO = Decimal("0.0000001")


def account(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    with house.looking(exchange) as view:
        paper = view.paper
        shown = buying_power.snapshot(paper)
        held = buying_power.positions(paper)
        long = sum((each.market_value for each in held if each.quantity > 0), ZERO)
        short = sum((each.market_value for each in held if each.quantity < 0), ZERO)
        power = number(shown.buying_power)
        configuration = house.terms.configuration
        body = {
            "id": view.names.account,
            "account_number": shown.account_id,
            "status": "ACTIVE",
            "crypto_status": "ACTIVE",
            "currency": "USD",
            "cash": number(shown.cash),
            "equity": number(shown.equity),
            "last_equity": number(shown.last_equity),
            "portfolio_value": number(shown.equity),
            "buying_power": power,
            "regt_buying_power": power,
            "options_buying_power": power,
            "non_marginable_buying_power": power,
            "multiplier": "2" if paper.rules.allow_short else "1",
            "shorting_enabled": paper.rules.allow_short and not configuration["no_shorting"],
            "long_market_value": number(long),
            "short_market_value": number(short),
            "position_market_value": number(long - short),
            "initial_margin": number(to_cents((long - short) / 2)),
            "maintenance_margin": number(to_cents((long - short) * Decimal("0.3"))),
            "last_maintenance_margin": "0",
            "sma": "0",
            "accrued_fees": "0",
            "pending_reg_taf_fees": "0",
            "pending_transfer_in": "0",
            "intraday_adjustments": "0",
            "balance_asof": house.calendar.previous(paper.state.session).session.isoformat(),
            "created_at": instant(view.happenings.rows[0].at),
            "trading_blocked": False,
            "transfers_blocked": False,
            "account_blocked": False,
            "trade_suspended_by_user": configuration["suspend_trade"],
            "options_approved_level": 0,
            "options_trading_level": 0,
        }
        return Answer(200, body | house.terms.account)


def configuration(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    if arrival.method == "PATCH":
        house.terms.configuration |= arrival.body
    return Answer(200, dict(house.terms.configuration))


# --- positions ---------------------------------------------------------------------------------


def positions(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    with house.looking(exchange) as view:
        ids = house.terms.asset_ids
        told = [_position(view, held) for held in buying_power.positions(view.paper)]
        return Answer(200, [each | {"asset_id": ids.get(each["symbol"], each["asset_id"])} for each in told])


def position(house: House, exchange: PaperExchange, arrival: Arrival, symbol: str) -> Answer:
    with house.looking(exchange) as view:
        return Answer(200, _position(view, held_in(view, symbol)))


def held_in(view: View, symbol: str) -> Position:
    """The position in a symbol, or in what has this asset id."""
    for held in buying_power.positions(view.paper):
        if symbol in (held.symbol, view.names.asset(held.symbol)):
            return held
    raise Refusal(404, 40410000, "position does not exist")


def _position(view: View, held: Position) -> dict[str, Any]:
    quote = view.paper.quote(held.symbol)
    previous = held.market_price if quote is None or quote.previous_close is None else quote.previous_close
    cost = held.quantity * held.average_price
    gained, today = held.market_value - cost, held.quantity * (held.market_price - previous)
    closes_by = Side.SELL if held.quantity > 0 else Side.BUY
    available = view.paper.book.available_to_close(held.symbol, closes_by)
    return {
        "asset_id": view.names.asset(held.symbol),
        "symbol": held.symbol,
        "exchange": "NYSE",
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": number(held.quantity),
        "qty_available": number(available if held.quantity > 0 else -available),
        "side": "long" if held.quantity > 0 else "short",
        "avg_entry_price": number(held.average_price),
        "current_price": number(held.market_price),
        "lastday_price": number(previous),
        "change_today": _ratio(held.market_price - previous, previous),
        "market_value": number(held.market_value),
        "cost_basis": number(cost),
        "unrealized_pl": number(gained),
        "unrealized_plpc": _ratio(gained, abs(cost)),
        "unrealized_intraday_pl": number(today),
        "unrealized_intraday_plpc": _ratio(today, abs(held.quantity) * previous),
    }


def _ratio(part: Decimal, of: Decimal) -> str:
    return number((part / of).quantize(_RATIO, rounding=ROUND_HALF_EVEN)) if of else "0"


# --- activities --------------------------------------------------------------------------------


def activities(house: House, exchange: PaperExchange, arrival: Arrival, kind: str | None = None) -> Answer:
    """By id, falling unless asked otherwise, at most 100 a page, on from the id given as ``page_token``."""
    query = arrival.query
    kinds = _kinds(query.get("activity_types", kind))
    with house.looking(exchange) as view:
        booked = (row for row in view.happenings.rows if not house.terms.withheld(row.kind, row.at))
        told = house.terms.telling.rows(booked, view.paper.state.now)
        found = sorted((row for row in told if _wanted(row, kinds)), key=lambda row: row.id)
        category = query.get("category")
        if category is not None:
            found = [row for row in found if (row.kind in _TRADES) == (category == "trade_activity")]
        if "order_id" in query:
            found = [row for row in found if row.json.get("order_id") == query["order_id"]]
        found = [row for row in found if _in_time(row, query)]
    if query.get("direction", "desc") == "desc":
        found.reverse()
    if "page_token" in query:
        found = _after(found, query["page_token"], rising=query.get("direction") == "asc")
    size = int(query.get("page_size", "100"))
    if not 1 <= size <= 100:
        raise Refusal(UNPROCESSABLE, MALFORMED, "page_size must be between 1 and 100")
    return Answer(200, [row.json for row in found[:size]])


def _kinds(asked: str | None) -> frozenset[str] | None:
    if asked is None:
        return None
    kinds = frozenset(asked.split(","))
    return (kinds - {"TRANS"}) | {"CSD", "CSW"} if "TRANS" in kinds else kinds


def _wanted(row: Happening, kinds: frozenset[str] | None) -> bool:
    return kinds is None or row.kind in kinds


def _in_time(row: Happening, query: Any) -> bool:
    if "date" in query and new_york_date(row.at) != moment(query["date"], "date").date():
        return False
    if "after" in query and row.at <= moment(query["after"], "after"):
        return False
    return "until" not in query or row.at < moment(query["until"], "until")


def _after(found: list[Happening], token: str, *, rising: bool) -> list[Happening]:
    """What comes after an id in the order of ids; one that is gone, or of another account, still has its place."""
    return [row for row in found if (row.id > token if rising else row.id < token)]


# --- the history of the equity -----------------------------------------------------------------


def portfolio_history(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """A value a session, at its close, with today's as it stands; only whole days are told."""
    query = arrival.query
    if query.get("timeframe", "1D") != "1D":
        raise Refusal(UNPROCESSABLE, MALFORMED, "invalid timeframe for the period")
    with house.looking(exchange) as view:
        paper = view.paper
        recorded = paper.store._sql.execute("SELECT session, equity FROM equity ORDER BY session").fetchall()
        closes = [(date.fromisoformat(session), Decimal(equity)) for session, equity in recorded]
        if not closes or closes[-1][0] != paper.state.session:
            closes.append((paper.state.session, buying_power.equity(paper)))
        first, last = _bounds(query, paper.state.now)
        base = paper.state.starting_cash
        for session, equity in closes:
            if session < first:
                base = equity
        within = [(session, equity) for session, equity in closes if first <= session <= last]
        flows = _flows(view, [session for session, _ in within], query.get("cashflow_types", "NONE"))
    gains, before = [], base
    for _, equity in within:
        gains.append(equity - (base if query.get("pnl_reset") == "no_reset" else before))
        before = equity
    opens = [house.calendar.hours(session) for session, _ in within]
    body: dict[str, Any] = {
        "timestamp": [int(hours.opens.timestamp()) for hours in opens if hours is not None],
        "equity": [float(equity) for _, equity in within],
        "profit_loss": [float(gain) for gain in gains],
        "profit_loss_pct": [float(gain / base) if base else None for gain in gains],
        "base_value": float(base),
        "base_value_asof": first.isoformat(),
        "timeframe": "1D",
    }
    return Answer(200, {**body, "cashflow": flows} if flows else body)


def _bounds(query: Any, now: datetime) -> tuple[date, date]:
    last = moment(query["end"], "end").date() if "end" in query else new_york_date(now)
    if "start" in query:
        return moment(query["start"], "start").date(), last
    period = query.get("period", "1M")
    days = {"D": 1, "W": 7, "M": 31, "A": 366}
    return last - timedelta(days=int(period[:-1]) * days[period[-1]]), last


def _flows(view: View, sessions: list[date], asked: str) -> dict[str, list[float]]:
    if asked == "NONE" or not sessions:
        return {}
    kinds = None if asked == "ALL" else frozenset(asked.split(","))
    flows: dict[str, list[float]] = {}
    for row in view.happenings.rows:
        day = new_york_date(row.at)
        moved = row.kind not in _TRADES and (kinds is None or row.kind in kinds)
        if moved and day in sessions:
            flow = flows.setdefault(row.kind, [0.0] * len(sessions))
            flow[sessions.index(day)] += float(row.json["net_amount"])
    return flows
