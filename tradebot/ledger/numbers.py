"""Numbers of rows: 1, 2, 3 ... in each table and account, in the order of writing.

A number is taken in the transaction of its row, under the lock of the account, and from no sequence of the database:
two writers never take the same one, and an insertion that another row forbids takes none.
"""

from __future__ import annotations

from collections.abc import Mapping

from tradebot.ledger.engine import Engine, Row, Value

#: The numbered tables, each with the column of its number. A number is unique within an account.
NUMBERED = {
    "runs": "run_id",
    "orders": "seq",
    "fills": "seq",
    "cash_events": "seq",
    "corporate_actions": "seq",
    "reorganisations": "seq",
    "adjustments": "seq",
    "trades": "seq",
    "lots": "seq",
    "equity": "seq",
    "closes": "seq",
    "decisions": "seq",
    "signals": "seq",
    "decision_settings": "seq",
    "decision_inputs": "seq",
    "limits_used": "seq",
    "strategy_sessions": "seq",
    "strategy_versions": "seq",
    "halts": "halt_id",
    "breaks": "break_id",
    "bare_periods": "period_id",
    "missed": "seq",
    "openings": "seq",
    "generations": "seq",
    "moves": "seq",
    "alerts": "seq",
    "alert_posts": "alert_id",
    "alert_attempts": "seq",
    "audit": "seq",
}


def next_number(engine: Engine, table: str, account_key: str) -> int:
    """The number after the newest row of an account in a table. It holds until the end of the transaction."""
    engine.lock_account(account_key)
    newest = engine.one(
        f"SELECT MAX({NUMBERED[table]}) AS newest FROM {table} WHERE account_key = :account_key",
        {"account_key": account_key},
    )
    return ((newest["newest"] if newest else None) or 0) + 1


def insert_numbered(engine: Engine, table: str, row: Mapping[str, Value], clause: str = "RETURNING *") -> Row | None:
    """Insert a row under the next number of its account, inside a transaction; returns what ``clause`` says."""
    number = next_number(engine, table, str(row["account_key"]))
    return engine.insert(table, {NUMBERED[table]: number, **row}, clause)
