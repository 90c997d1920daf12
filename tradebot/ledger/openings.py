"""The opening of an account: stored once, with what it explains, and held against the bookings that it began."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from tradebot.core.model.account import Position
from tradebot.core.model.ledger_rows import Booking, EquityPoint
from tradebot.core.model.opening import Opening
from tradebot.ledger.audit import OPENINGS, AuditTrail
from tradebot.ledger.books import Books
from tradebot.ledger.codec import canonical_json, columns_of, stamp, to_column, value_from
from tradebot.ledger.covered import Covered
from tradebot.ledger.engine import Engine, Row, Value
from tradebot.ledger.findings import Finding

_NONE, _DUE, _MADE = "none", "due", "made"


class Openings:
    """The opening of one account."""

    def __init__(self, engine: Engine, trail: AuditTrail, books: Books) -> None:
        self._engine = engine
        self._trail = trail
        self._books = books
        self._account = {"account_key": trail.account_key}

    def is_due(self) -> bool:
        """Whether the account has yet to begin with the broker's statement."""
        row = self._engine.one("SELECT opening FROM accounts WHERE account_key = :account_key", self._account)
        return row is not None and row["opening"] == _DUE

    def opening(self) -> Opening | None:
        """The opening; None before it is made, and for an account that never gets one."""
        row = self._engine.one("SELECT * FROM openings WHERE account_key = :account_key", self._account)
        return None if row is None else _opening_of(row)

    def make(self, opening: Opening, bookings: Sequence[Booking], point: EquityPoint) -> None:
        """Store the opening, its bookings and the first equity point in one transaction."""
        with self._engine.transaction():
            if not self.is_due():
                raise ValueError(f"an opening of {self._trail.account} is not due")
            self._trail.record(OPENINGS, _columns_of(opening), opening.at)
            self._books.book(bookings, opening.at, cursor=opening.cursor)
            self._books.store_equity(point, opening.positions)
            self._engine.execute(
                "UPDATE accounts SET opening = :made WHERE account_key = :account_key", {**self._account, "made": _MADE}
            )


def check_openings(engine: Engine, covered: Covered) -> Iterator[Finding]:
    """The openings that differ from the account's first bookings or its first equity point."""
    stored = {row["account_key"]: row for row in engine.all("SELECT * FROM openings")}
    accounts = "SELECT account_key, history, opening, activities FROM accounts WHERE account_key"
    for account in covered.each(engine, accounts, "account_key"):
        name, state = account["history"], account["opening"]
        row = stored.get(account["account_key"])
        if (state == _MADE) != (row is not None):
            yield Finding("accounts", name, f"its opening is {state}, and {'one is' if row else 'none is'} stored")
        elif state == _DUE and account["activities"]:
            yield Finding("accounts", name, f"its opening is {state}, and activities are booked")
        elif row is not None:
            yield from _check(engine, row)


def _check(engine: Engine, row: Row) -> Iterator[Finding]:
    name = f"row {row['seq']}"
    try:
        opening = _opening_of(row)
    except (ArithmeticError, ValueError, KeyError, TypeError):  # values that the ledger never wrote
        yield Finding(OPENINGS.table, name, "cannot be understood")
        return
    expected = [columns_of(adjustment) for adjustment in opening.adjustments()]
    of_account: dict[str, Value] = {"account_key": row["account_key"]}
    booked = engine.all(
        "SELECT * FROM adjustments WHERE account_key = :account_key AND number <= :most ORDER BY number",
        {**of_account, "most": len(expected)},
    )
    here = [{column: each[column] for column in expected[0]} for each in booked]
    if here != expected:
        yield Finding(OPENINGS.table, name, "is not what the account's first bookings explain")
    first = engine.one("SELECT * FROM equity WHERE account_key = :account_key ORDER BY seq LIMIT 1", of_account)
    figures = {name: row[name] for name in ("session", "at", "equity", "cash")}
    if first is None or any(first[name] != value for name, value in figures.items()):
        yield Finding(OPENINGS.table, name, "is not the account's first equity point")


def _columns_of(opening: Opening) -> dict[str, Value]:
    return {
        "session": opening.session.isoformat(),
        "at": stamp(opening.at),
        "equity": to_column(opening.equity),
        "cash": to_column(opening.cash),
        "positions": canonical_json([_position_columns(held) for held in opening.positions]),
        "orders": canonical_json(opening.orders),
        "cursor": opening.cursor,
        "known": canonical_json(opening.known),
    }


def _opening_of(row: Row) -> Opening:
    held = tuple(_position_of(each) for each in json.loads(row["positions"]))
    orders, known = tuple(json.loads(row["orders"])), tuple(json.loads(row["known"]))
    return value_from(Opening, row, positions=held, orders=orders, known=known)


def _position_columns(held: Position) -> dict[str, Value]:
    figures = {"quantity": held.quantity, "average_price": held.average_price, "market_price": held.market_price}
    return {"symbol": held.symbol, **{name: to_column(figure) for name, figure in figures.items()}}


def _position_of(columns: dict[str, Any]) -> Position:
    quantity, average, market = (Decimal(columns[name]) for name in ("quantity", "average_price", "market_price"))
    return Position(columns["symbol"], quantity, average, market)
