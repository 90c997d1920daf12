"""The short keys that rows carry: "1", "2" ... for each history of an account, in the order in which they came.

A row of the table of accounts has both its row key (``account_key``) and the key of its history (``history``). Every
other row has the row key alone: it stands in each row and in most indexes, some twenty times for each fill.
"""

from __future__ import annotations

from tradebot.core.model.history_keys import account_of
from tradebot.ledger.engine import Engine

#: The first one of a ledger.
FIRST = "1"


def row_key_of(engine: Engine, history: str) -> str | None:
    """The key of the rows of a history; None for an unknown one."""
    row = engine.one("SELECT account_key FROM accounts WHERE history = :history", {"history": history})
    return row["account_key"] if row else None


def next_row_key(engine: Engine) -> str:
    """A row key that no history has yet, inside the transaction that makes one with it."""
    engine.lock_account(FIRST)  # so that two writers do not take the same
    row = engine.one("SELECT COUNT(*) AS count FROM accounts")
    return str((row["count"] if row else 0) + 1)


def histories(engine: Engine) -> dict[str, str]:
    """The key of each history, by that of its rows."""
    rows = engine.all("SELECT account_key, history FROM accounts")
    return {row["account_key"]: row["history"] for row in rows}


def owners(engine: Engine) -> dict[str, str]:
    """The own key of the account of each history, by the key of the history's rows."""
    return {row_key: account_of(history) for row_key, history in histories(engine).items()}
