"""Activities of a tax year, by their days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count

from tests.core.builders import D
from tradebot.core.model.account import ActionKind, Adjustment, CashEvent, CashKind, Fill, Reorganisation, SplitEvent
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.orders import Side

_numbers = count(1)


def at(day: date, minute: int = 0) -> datetime:
    return datetime.combine(day, time(10), NEW_YORK) + timedelta(minutes=minute)


def trade(
    day: date, shares: int | str, price: str, fee: str = "0", *, symbol: str = "AAPL", minute: int = 0, order: str = ""
) -> Fill:
    """A fill of an order of its own; shares are negative for a sale."""
    number, quantity = next(_numbers), D(shares)
    side = Side.BUY if quantity > 0 else Side.SELL
    return Fill(
        f"f{number}", order or f"o{number}", "", symbol, side, abs(quantity), D(price), D(fee), at(day, minute), day
    )


def split(day: date, ratio: str, before: str, after: str, symbol: str = "AAPL") -> SplitEvent:
    number = next(_numbers)
    return SplitEvent(f"s{number}", symbol, D(ratio), D(before), D(after), at(day, -60), day, at(day, -60))


def cash_in_lieu(day: date, amount: str, symbol: str = "AAPL") -> CashEvent:
    return CashEvent(f"c{next(_numbers)}", CashKind.CASH_IN_LIEU, D(amount), at(day), day, symbol)


def reorganisation(
    day: date, kind: ActionKind, new: str | None, ratio: str, before: str, after: str, cash: str = "0", price: str = "0"
) -> Reorganisation:
    number = next(_numbers)
    return Reorganisation(
        f"r{number}", kind, "AAPL", new, D(ratio), D(before), D(after), D(cash), at(day, -60), day, D(price)
    )


def adjustment(day: date, shares: str, price: str, identifier: str = "", symbol: str = "AAPL") -> Adjustment:
    name = identifier or f"ADJ-{next(_numbers):06d}"
    return Adjustment(name, symbol, D(shares), D(price), D(0), "counted again", at(day), day)
