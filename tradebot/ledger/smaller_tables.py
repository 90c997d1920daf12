"""The migration of tables to fewer bytes a row. It changes no value: what the audit trail proves stays proven.

The audit trail lies in the order of its key, without an index beside it. A row of fills or trades that reverses another
is rare: only these are in an index.
"""

from __future__ import annotations

import re
import sqlite3

from tradebot.ledger.by_account import make_anew

_REVERSED = ("fills", "trades")


def make_smaller(connection: sqlite3.Connection) -> None:
    """Make the tables anew, inside the caller's transaction, without checks of foreign keys."""
    columns = dict.fromkeys(_REVERSED, _without_reverses)
    make_anew(connection, {"audit": _without_rowid, **columns}, lambda _, sql: sql)
    for table in _REVERSED:
        connection.execute(
            f"CREATE UNIQUE INDEX {table}_reverses ON {table} (account_key, reverses) WHERE reverses IS NOT NULL"
        )


def _without_rowid(sql: str) -> str:
    return f"CREATE TABLE audit_anew ({_body(sql)}) STRICT, WITHOUT ROWID"


def _without_reverses(sql: str) -> str:
    table = "fills" if "fill_id" in sql else "trades"
    body = re.sub(r",\s*UNIQUE \(account_key, reverses\)", "", _body(sql))
    return f"CREATE TABLE {table}_anew ({body}) STRICT"


def _body(sql: str) -> str:
    return sql[sql.index("(") + 1 : sql.rindex(")")]
