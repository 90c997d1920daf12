"""The symbols of a ledger, read without a lock and without a trace, for the completion of a command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from tradebot.ledger.engine import Engine
from tradebot.ledger.open_engine import open_engine
from tradebot.settings.ledger_location import LedgerLocation

#: The most symbols that are read: more would help nobody at a prompt.
_MOST = 2_000


def known_symbols(location: LedgerLocation) -> tuple[str, ...]:
    """The symbols that a decision was stored about, in any account, each account's sorted. Raises LedgerError.

    What a job writes meanwhile may be missing. Each step is one search in an index, however many decisions there are.
    """
    with closing(open_engine(location, frozen=True)) as engine:
        keys = [row["account_key"] for row in engine.all("SELECT account_key FROM accounts ORDER BY account_key")]
        return tuple(symbol for key in keys for symbol in _symbols(engine, key))


def _symbols(engine: Engine, account_key: str) -> Iterator[str]:
    symbol = ""
    for _ in range(_MOST):
        row = engine.one(
            "SELECT MIN(symbol) AS symbol FROM decisions WHERE account_key = :account_key AND symbol > :symbol",
            {"account_key": account_key, "symbol": symbol},
        )
        if row is None or row["symbol"] is None:
            return
        symbol = row["symbol"]
        yield symbol
