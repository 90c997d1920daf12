"""The newest prices that an exchange at live prices has seen, in its own file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tradebot.brokers.paper.row_codec import Row, decoder
from tradebot.core.model.account import Quote
from tradebot.core.model.values import canonical

MARK_SCHEMA = (
    """CREATE TABLE marks (
        symbol TEXT PRIMARY KEY, price TEXT NOT NULL, at TEXT NOT NULL, previous_close TEXT, quoted_at TEXT,
        bid TEXT, ask TEXT)
        STRICT, WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest price of a symbol."""

    quote: Quote
    quoted_at: datetime | None  # when it was read as a quote, aware UTC; None for the price of a candle


class Marks:
    """The table of marks. Writing needs a transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection

    def all(self) -> dict[str, Mark]:
        """The mark of every symbol that has one."""
        rows = self._sql.execute("SELECT symbol, price, at, previous_close, quoted_at, bid, ask FROM marks")
        return {mark.quote.symbol: mark for mark in map(_mark, rows)}

    def save(self, marks: Iterable[Mark]) -> None:
        """Insert marks, or replace the older ones of the same symbols."""
        rows = (
            (
                mark.quote.symbol,
                canonical(mark.quote.last),
                mark.quote.at.isoformat(),
                _text(mark.quote.previous_close),
                None if mark.quoted_at is None else mark.quoted_at.isoformat(),
                _text(mark.quote.bid),
                _text(mark.quote.ask),
            )
            for mark in marks
        )
        self._sql.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


@decoder("marks")
def _mark(row: Row) -> Mark:
    symbol, price, at, previous_close, quoted_at, bid, ask = row
    close, bid, ask = (None if text is None else Decimal(text) for text in (previous_close, bid, ask))
    quote = Quote(symbol, Decimal(price), datetime.fromisoformat(at), close, bid=bid, ask=ask)
    return Mark(quote, None if quoted_at is None else datetime.fromisoformat(quoted_at))


def _text(price: Decimal | None) -> str | None:
    return None if price is None else canonical(price)
