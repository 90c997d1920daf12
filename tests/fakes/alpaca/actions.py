"""Announced corporate actions, in pages."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.fakes.alpaca.bars import symbols_of
from tests.fakes.alpaca.house import House
from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.names import Names
from tests.fakes.wire.messages import Answer, Arrival
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.core.model.values import ONE

#: How long before its ex-date an action is known, and how long after it a dividend is paid.
_ANNOUNCED = timedelta(days=45)
_PAID = timedelta(days=15)
_LIMIT, _MAX_LIMIT = 100, 1000
_TYPES = {
    ActionKind.DIVIDEND: "cash_dividend",
    ActionKind.NAME_CHANGE: "name_change",
    ActionKind.SPIN_OFF: "spin_off",
    ActionKind.CASH_MERGER: "cash_merger",
    ActionKind.DELISTING: "worthless_removal",
}
_OF_OTHERS = ("stock_merger", "stock_and_cash_merger", "forward_split", "reverse_split")
_PLURALS = {name: f"{name}s" for name in (*_TYPES.values(), *_OF_OTHERS)}


def corporate_actions(house: House, exchange: PaperExchange, arrival: Arrival) -> Answer:
    """By the date on which they are processed, which ``start`` and ``end`` are about: for a dividend it is when it is
    paid, two weeks after the shares trade without it.
    """
    query = arrival.query
    symbols = frozenset(symbols_of(arrival)) if "symbols" in query else None
    types = frozenset(query["types"].split(",")) if "types" in query else frozenset(_PLURALS)
    limit = int(query.get("limit", str(_LIMIT)))
    if not 1 <= limit <= _MAX_LIMIT:
        raise Refusal(400, None, f"invalid limit: it must be between 1 and {_MAX_LIMIT}")
    with exchange.reading() as paper:
        today = paper.state.session
        first, last = _date(query.get("start"), today), _date(query.get("end"), today)
        known = paper.store.prices.actions_between(first - _PAID - timedelta(days=1), today + _ANNOUNCED)
    known = (*(known if house.terms.announces else ()), *house.terms.announced)
    found = [
        action
        for action in sorted(known, key=lambda action: (_processed(action), action.symbol, action.kind))
        if (symbols is None or action.symbol in symbols)
        and _type_of(action) in types
        and first <= _processed(action) <= last
    ]
    if query.get("sort") == "desc":
        found.reverse()
    begin = int(query.get("page_token", "0"))
    page: dict[str, list[dict[str, Any]]] = {}
    for action in found[begin : begin + limit]:
        page.setdefault(_PLURALS[_type_of(action)], []).append(_json(action))
    following = str(begin + limit) if begin + limit < len(found) else None
    return Answer(200, {"corporate_actions": page, "next_page_token": following})


def _date(text: str | None, otherwise: date) -> date:
    try:
        return otherwise if text is None else date.fromisoformat(text)
    except ValueError:
        raise Refusal(400, None, f"invalid date: {text}") from None


def _type_of(action: CorporateAction) -> str:
    if action.kind is ActionKind.SPLIT:
        return "forward_split" if action.value > ONE else "reverse_split"
    if action.kind is ActionKind.STOCK_MERGER:
        return "stock_and_cash_merger" if action.cash else "stock_merger"
    return _TYPES[action.kind]


def _processed(action: CorporateAction) -> date:
    return action.ex_date + (_PAID if action.kind is ActionKind.DIVIDEND else timedelta())


def _json(action: CorporateAction) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": Names.asset(f"{action.symbol} {action.ex_date} {action.kind}"),
        "process_date": _processed(action).isoformat(),
    }
    return said | _OF_KIND[action.kind](action)


def _stock(action: CorporateAction) -> dict[str, Any]:
    return {
        "symbol": action.symbol,
        "cusip": "000000000",
        "ex_date": action.ex_date.isoformat(),
        "record_date": action.ex_date.isoformat(),
        "payable_date": _processed(action).isoformat(),
    }


def _dividend(action: CorporateAction) -> dict[str, Any]:
    return {**_stock(action), "rate": float(action.value), "special": False, "foreign": False}


def _split(action: CorporateAction) -> dict[str, Any]:
    said = {**_stock(action), **_rates(action, "new_rate", "old_rate")}
    if action.value > ONE:
        return said
    del said["cusip"]
    return {**said, "old_cusip": "000000000", "new_cusip": "000000001"}


def _name_change(action: CorporateAction) -> dict[str, Any]:
    return {**_both(action, "old", "new")}


def _spin_off(action: CorporateAction) -> dict[str, Any]:
    rates = _rates(action, "new_rate", "source_rate")
    return {**_both(action, "source", "new"), **rates, "ex_date": action.ex_date.isoformat()}


def _stock_merger(action: CorporateAction) -> dict[str, Any]:
    said = {**_both(action, "acquiree", "acquirer"), **_rates(action, "acquirer_rate", "acquiree_rate")}
    said |= {"effective_date": action.ex_date.isoformat()}
    return {**said, "cash_rate": float(action.cash)} if action.cash else said


def _cash_merger(action: CorporateAction) -> dict[str, Any]:
    acquiree = {"acquiree_symbol": action.symbol, "acquiree_cusip": "000000000"}
    return {**acquiree, "rate": float(action.value), "effective_date": action.ex_date.isoformat()}


def _worthless(action: CorporateAction) -> dict[str, Any]:
    return {"symbol": action.symbol, "cusip": "000000000"}


def _both(action: CorporateAction, old: str, new: str) -> dict[str, Any]:
    return {
        f"{old}_symbol": action.symbol,
        f"{old}_cusip": "000000000",
        f"{new}_symbol": action.new_symbol,
        f"{new}_cusip": "000000001",
    }


def _rates(action: CorporateAction, new: str, old: str) -> dict[str, Any]:
    ratio = Fraction(action.value).limit_denominator(1000)
    return {new: ratio.numerator, old: ratio.denominator}


_OF_KIND = {
    ActionKind.DIVIDEND: _dividend,
    ActionKind.SPLIT: _split,
    ActionKind.NAME_CHANGE: _name_change,
    ActionKind.SPIN_OFF: _spin_off,
    ActionKind.STOCK_MERGER: _stock_merger,
    ActionKind.CASH_MERGER: _cash_merger,
    ActionKind.DELISTING: _worthless,
}
