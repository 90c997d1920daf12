"""The histories of symbols: what stands of their activities and lot closures, from which they are booked again."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.accounting.rebooking import symbols_of
from tradebot.core.model.account import Adjustment, Fill, Reorganisation, SplitEvent
from tradebot.core.model.holdings import LotClosure
from tradebot.core.model.ledger_rows import BookedActivity, SymbolHistory
from tradebot.ledger.codec import value_from
from tradebot.ledger.engine import Engine
from tradebot.ledger.history import STANDING_CLOSURES, STANDING_FILLS

_OF_SYMBOL = "SELECT * FROM {} WHERE account_key = :account_key AND symbol = :symbol"
_KINDS: tuple[tuple[type[Fill | SplitEvent | Adjustment | Reorganisation], str], ...] = (
    (Fill, f"{STANDING_FILLS} AND symbol = :symbol"),
    (SplitEvent, _OF_SYMBOL.format("corporate_actions")),
    (Adjustment, _OF_SYMBOL.format("adjustments")),
    (
        Reorganisation,
        "SELECT * FROM reorganisations WHERE account_key = :account_key AND :symbol IN (symbol, new_symbol)",
    ),
)


def read_histories(engine: Engine, account_key: str, symbols: Iterable[str]) -> dict[str, SymbolHistory]:
    """The histories of symbols, and of those that a reorganisation connects with them, each in the order of booking."""
    histories: dict[str, SymbolHistory] = {}
    waiting = sorted(symbols)
    while waiting:
        symbol = waiting.pop()
        if symbol not in histories:
            histories[symbol] = history = _history(engine, account_key, symbol)
            waiting.extend(other for booked in history.activities for other in symbols_of(booked.activity))
    return histories


def _history(engine: Engine, account_key: str, symbol: str) -> SymbolHistory:
    of_symbol = {"account_key": account_key, "symbol": symbol}
    numbered = [
        (int(row["number"]), BookedActivity(value_from(kind, row), row["strategy"]))
        for kind, select in _KINDS
        for row in engine.all(select, of_symbol)
    ]
    closures = engine.all(f"{STANDING_CLOSURES} AND symbol = :symbol ORDER BY seq", of_symbol)
    return SymbolHistory(
        tuple(booked for _, booked in sorted(numbered, key=lambda pair: pair[0])),
        tuple(value_from(LotClosure, row) for row in closures),
    )
