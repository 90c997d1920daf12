"""Announced splits and dividends, in pages."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.fakes.alpaca.bars import symbols_of
from tests.fakes.alpaca.house import House
from tests.fakes.alpaca.messages import Answer, Arrival, Refusal
from tests.fakes.alpaca.names import Names
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.core.model.values import ONE

#: How long before its ex-date an action is known, and how long after it a dividend is paid.
_ANNOUNCED = timedelta(days=45)
_PAID = timedelta(days=15)
_LIMIT, _MAX_LIMIT = 100, 1000
_PLURALS = {"forward_split": "forward_splits", "reverse_split": "reverse_splits", "cash_dividend": "cash_dividends"}


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
    if action.kind is ActionKind.DIVIDEND:
        return "cash_dividend"
    return "forward_split" if action.value > ONE else "reverse_split"


def _processed(action: CorporateAction) -> date:
    return action.ex_date + (_PAID if action.kind is ActionKind.DIVIDEND else timedelta())


def _json(action: CorporateAction) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": Names.asset(f"{action.symbol} {action.ex_date} {action.kind}"),
        "symbol": action.symbol,
        "ex_date": action.ex_date.isoformat(),
        "record_date": action.ex_date.isoformat(),
        "payable_date": _processed(action).isoformat(),
        "process_date": _processed(action).isoformat(),
    }
    if action.kind is ActionKind.DIVIDEND:
        return {**said, "cusip": "000000000", "rate": float(action.value), "special": False, "foreign": False}
    ratio = Fraction(action.value).limit_denominator(1000)
    rates = {"new_rate": ratio.numerator, "old_rate": ratio.denominator}
    if action.value > ONE:
        return {**said, **rates, "cusip": "000000000"}
    return {**said, **rates, "old_cusip": "000000000", "new_cusip": "000000001"}
