"""The migration to rows with short keys (row_keys.py) and packed hashes (packed_hashes.py).

What is hashed and digested stays as it was, so the heads that were told before prove the rows as before.
"""

from __future__ import annotations

import re
import sqlite3
from functools import partial

from tradebot.ledger.by_account import make_anew
from tradebot.ledger.packed_hashes import packed

#: The id of an order is made of these columns, and unique by itself.
_DECISION = re.compile(r",\s*UNIQUE \(account_key, session, strategy, symbol, purpose, attempt\)")
_HASHES = frozenset({"digest", "prev_hash", "hash"})


def shorten(connection: sqlite3.Connection) -> None:
    """Make every table with rows of an account anew, inside the caller's transaction, without foreign keys."""
    histories = connection.execute("SELECT account_key FROM accounts ORDER BY pinned_at, account_key")
    keys = {history: str(number) for number, (history,) in enumerate(histories, start=1)}
    connection.create_function("row_key", 1, lambda key: keys.get(key, key), deterministic=True)
    connection.create_function("packed", 1, packed, deterministic=True)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {name: _columns(connection, name) for name in names}
    tables = {name: partial(_made_anew, table=name) for name in names if "account_key" in columns[name]}
    make_anew(connection, tables, lambda _, sql: sql, lambda table: _rows(table, columns[table]))


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?) ORDER BY cid", (table,))]


def _made_anew(sql: str, table: str) -> str:
    """The statement that makes the new table, out of that which made the old one."""
    body = sql[sql.index("(") + 1 : sql.rindex(")")].rstrip()
    options = "STRICT, WITHOUT ROWID" if "WITHOUT ROWID" in sql else "STRICT"
    if table == "accounts":
        body = re.sub(r"(account_key\s+TEXT PRIMARY KEY,)", r"\1\n    history TEXT NOT NULL UNIQUE,", body)
    elif table == "generations":
        body = body.replace("REFERENCES accounts (account_key)", "REFERENCES accounts (history)")
    elif table == "orders":
        body = _DECISION.sub("", body)
    return f"CREATE TABLE {table}_anew ({body}\n) {options}"


def _rows(table: str, columns: list[str]) -> str:
    become = {"account_key": "row_key(account_key), account_key" if table == "accounts" else "row_key(account_key)"}
    if table == "audit":
        become |= {name: f"packed({name})" for name in _HASHES}
    return f"SELECT {', '.join(become.get(name, name) for name in columns)} FROM {table}"
