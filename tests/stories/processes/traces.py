"""What a command has left in the files of a home, read from a copy: they stay as a sudden death has left them."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import Purpose

Row = dict[str, Any]

_FILLS = """SELECT a.*, o.client_order_id, o.side FROM activities a JOIN orders o ON o.number = a.order_number
    WHERE a.kind = 'fill'"""
#: The rows of a ledger that are the history now: a rebuild leaves those before it where they are.
_NEWEST = "WHERE account_key IN (SELECT account_key FROM newest_rows)"


@dataclass(frozen=True)
class Traces:
    """The rows at both sides and the files of a home. ``ledger`` is whether there is one."""

    clock: str
    arrived: dict[str, Row]  # orders at the exchange, by client_order_id
    fills: tuple[Row, ...]  # at the exchange
    shares: dict[str, Decimal]
    ledger: bool
    intents: dict[str, Row]
    runs: tuple[Row, ...]
    booked: tuple[Row, ...]  # fills in the ledger
    lots: dict[str, Decimal]
    files: frozenset[str]

    @classmethod
    def of(cls, home: Path, exchange: Path | None = None) -> Traces:
        """``exchange`` is the file of the one behind a broker that is played, where it is not the home's own.

        The account of such a broker has the same id in each home, and ids at the broker are made from those of ours.
        """
        rows = partial(_rows, neutral=exchange is None)
        with tempfile.TemporaryDirectory() as scratch:
            ledger = _copied(home / "trading_robot.db", Path(scratch))
            exchange = exchange or _copied(home / "state" / "paper_exchange.db", Path(scratch))
            held: defaultdict[str, Decimal] = defaultdict(Decimal)
            for row in rows(ledger, f"SELECT symbol, quantity FROM lots {_NEWEST}"):
                held[row["symbol"]] += Decimal(row["quantity"])
            return cls(
                clock="".join(row["now"] for row in rows(exchange, "SELECT now FROM exchange")),
                arrived={row["client_order_id"]: row for row in rows(exchange, "SELECT * FROM orders")},
                fills=rows(exchange, _FILLS),
                shares={row["symbol"]: Decimal(row["quantity"]) for row in rows(exchange, "SELECT * FROM positions")},
                ledger=ledger.exists(),
                intents={row["client_order_id"]: row for row in rows(ledger, f"SELECT * FROM orders {_NEWEST}")},
                runs=rows(ledger, f"SELECT * FROM runs {_NEWEST} ORDER BY run_id"),
                booked=rows(ledger, f"SELECT * FROM fills {_NEWEST}"),
                lots=dict(held),
                files=frozenset(path.name for path in home.rglob("*") if path.suffix != ".log"),
            )

    @property
    def orders(self) -> tuple[str, ...]:
        """Every order at the exchange in words, bracket legs too, whatever attempt it was."""
        words = ("submitted_at", "side", "quantity", "symbol", "type", "state", "stop_price", "limit_price",
                 "average_fill_price")  # fmt: skip
        return tuple(sorted(" ".join(str(row[word]) for word in words) for row in self.arrived.values()))

    def stage(self, left: Traces) -> str:
        """How far a command came that began on these and left those."""
        if "trading_robot.db.making" in left.files - self.files:
            return "a fresh ledger begun"
        if self.ledger and not left.ledger:
            return "the old ledger aside, none in its place"
        if self.files != left.files and any("before-rebuild" in name for name in left.files - self.files):
            return "the fresh ledger in its place"
        if left.clock and not left.ledger:
            return "the exchange made, no ledger yet"
        run = left.runs[-1] if len(left.runs) > len(self.runs) else None
        if run is not None and run["status"] == "running":
            return self._stage_of_orders(left)
        if run is not None:
            return "its run ended"
        if self.arrived != left.arrived:
            return "at the orders of the exchange"
        if ("HALT" in self.files) != ("HALT" in left.files):
            return "the latch changed"
        if self.clock != left.clock:
            return "the exchange moved on"
        return "before it changed anything"

    def _stage_of_orders(self, left: Traces) -> str:
        new = {name: row["state"] for name, row in left.intents.items() if row != self.intents.get(name)}
        leaving = [name for name, state in new.items() if state == "submitting"]
        if any(name in left.arrived for name in leaving):
            return "an order taken, its answer not written"
        if leaving:
            return "an order written as leaving"
        if "planned" in new.values():
            sent = len(set(new.values())) > 1
            return "between two orders" if sent else "orders written down"
        if any(left.intents[name] != self.intents.get(name) for name in new):
            return "its orders settled"
        return "its run begun"

    def loose_ends(self) -> Iterator[str]:
        """What a command that was asked to end may not leave: an order in flight, or a run that has no end."""
        for name, intent in self.intents.items():
            if intent["state"] in ("submitting", "unknown"):
                yield f"{name} was left {intent['state']}"
        if self.runs and self.runs[-1]["status"] == "running":
            yield f"run {self.runs[-1]['run_id']} ({self.runs[-1]['job']}) has no end"

    def differences(self) -> Iterator[str]:
        """Where the ledger and the exchange do not tell the same story."""
        for name, order in self.arrived.items():
            made = parse(name)
            intent = self.intents.get(name)
            if made is None or (intent is None and made.purpose.reduces):  # a leg, or an emergency stop's
                continue
            if intent is None:
                yield f"{name} is at the exchange, and not in the ledger"
            elif any(intent[column] != order[column] for column in ("state", "filled_quantity", "quantity", "side")):
                yield f"{name} is {intent} in the ledger and {order} at the exchange"
        here, there = Counter(map(_fill, self.booked)), Counter(map(_fill, self.fills))
        for fill in (here - there) + (there - here):
            yield f"fill {fill}: {there[fill]} times at the exchange, {here[fill]} in the ledger"
        if self.shares != self.lots:
            yield f"the exchange holds {self.shares}, the ledger {self.lots}"

    def doubled(self) -> Iterator[str]:
        """Decisions of which more than one order was filled or may still be."""
        decisions = Counter(
            (made.session, made.strategy, made.symbol, made.purpose)
            for name, order in self.arrived.items()
            if (made := parse(name)) is not None
            and made.purpose in (Purpose.ENTRY, Purpose.EXIT, Purpose.CLOSE)
            and (order["live"] or Decimal(order["filled_quantity"]))
        )
        for decision, times in decisions.items():
            if times > 1:
                yield f"{decision} was carried out {times} times"


def _copied(database: Path, folder: Path) -> Path:
    """A copy of a SQLite file, with what has not been written back to it yet."""
    for file in database.parent.glob(f"{database.name}*"):
        if file.name in (database.name, f"{database.name}-wal"):
            shutil.copy(file, folder)
    return folder / database.name


def _rows(database: Path, query: str, *, neutral: bool) -> tuple[Row, ...]:
    """What a query finds in a SQLite file; nothing where the file or the table is not there yet.

    neutral: whether values come without the id of the account.
    """
    if not database.exists():
        return ()
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            found = [dict(row) for row in connection.execute(query)]
            return tuple({name: _neutral(row[name]) if neutral else row[name] for name in row} for row in found)
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return ()
            raise


def _fill(row: Row) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in ("client_order_id", "side", "symbol", "quantity", "price", "fee"))


def _neutral(value: Any) -> Any:
    """A value without the id of the account, which is another one in each home."""
    if not isinstance(value, str):
        return value
    return _ORDER_ID.sub("tb1-00000000-", _ACCOUNT_ID.sub("PAPER-0001", value))


_ORDER_ID = re.compile(r"tb1-[0-9a-f]{8}-")
_ACCOUNT_ID = re.compile(r"PAPER-[A-Z2-7]{8}")
