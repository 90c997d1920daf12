"""The history of one symbol: its standing activities and round trips, from which lots are booked again after a bust."""

from __future__ import annotations

from tradebot.core.accounting.fill_busts import rebook_activity
from tradebot.core.accounting.reorganisations import book_reorganisation
from tradebot.core.model.account import Adjustment, Fill, Reorganisation, SplitEvent
from tradebot.core.model.holdings import Lot, Trade
from tradebot.core.model.ledger_rows import BookedActivity, SymbolHistory
from tradebot.ledger.codec import value_from
from tradebot.ledger.engine import Engine, Row
from tradebot.ledger.history import STANDING_FILLS, STANDING_TRADES

_KINDS: tuple[tuple[type[Fill] | type[SplitEvent] | type[Adjustment], str], ...] = (
    (Fill, STANDING_FILLS),
    (SplitEvent, "SELECT * FROM corporate_actions WHERE account_key = :account_key"),
    (Adjustment, "SELECT * FROM adjustments WHERE account_key = :account_key"),
)
_REORGANISATIONS = "SELECT * FROM reorganisations WHERE account_key = :account_key"


def read_symbol_history(engine: Engine, account_key: str, symbol: str) -> SymbolHistory:
    """The standing activities and round trips of a symbol, in the order of booking."""
    trades = engine.all(
        f"{STANDING_TRADES} AND symbol = :symbol ORDER BY seq", {"account_key": account_key, "symbol": symbol}
    )
    booked = (each for _, each in _numbered(engine, account_key, symbol))
    return SymbolHistory(tuple(booked), tuple(value_from(Trade, row) for row in trades))


def _numbered(engine: Engine, account_key: str, symbol: str) -> list[tuple[int, BookedActivity]]:
    """The activities of a symbol with their numbers, by number."""
    of_symbol = {"account_key": account_key, "symbol": symbol}
    numbered = [
        (int(row["number"]), BookedActivity(value_from(kind, row), row["strategy"]))
        for kind, select in _KINDS
        for row in engine.all(f"{select} AND symbol = :symbol", of_symbol)
    ]
    for row in engine.all(f"{_REORGANISATIONS} AND :symbol IN (symbol, new_symbol)", of_symbol):
        arrived = _arrived(engine, account_key, row) if row["symbol"] != symbol else None
        numbered.append((row["number"], BookedActivity(value_from(Reorganisation, row), row["strategy"], arrived)))
    return sorted(numbered, key=lambda pair: pair[0])


def _arrived(engine: Engine, account_key: str, row: Row) -> tuple[Lot, ...]:
    """The lots that a reorganisation brought, from the history of the old symbol before it."""
    lots: tuple[Lot, ...] = ()
    for number, booked in _numbered(engine, account_key, row["symbol"]):
        if number < row["number"]:
            lots = rebook_activity(lots, booked).lots
    return book_reorganisation(lots, value_from(Reorganisation, row)).arrived
