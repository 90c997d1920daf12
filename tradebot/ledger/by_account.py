"""The migration to numbers and chains by account: each table with a numbered row gets the key (account_key, number).

Until schema 6 the numbers of all accounts of a ledger were one sequence, and so was the hash chain. The rows stay as
they are; what an account writes from now on is numbered after its own newest row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import partial

from tradebot.ledger.numbers import NUMBERED

#: The tables that later versions added.
_LATER = ("generations", "moves", "decision_settings", "decision_inputs")
#: The tables that a ledger of schema 6 had.
_TABLES = {table: number for table, number in NUMBERED.items() if table not in _LATER}
#: Columns that refer to a numbered row of the same account, by table.
_REFERENCES = {
    "decisions": ("run_id", "runs"),
    "signals": ("run_id", "runs"),
    "alert_posts": ("alert_id", "alerts"),
    "alert_attempts": ("alert_id", "alert_posts"),
}

#: Where the chain of an account leaves the common chain of a ledger that had several accounts.
_CHAIN_STARTS = """
CREATE TABLE chain_starts (
    account_key TEXT PRIMARY KEY REFERENCES accounts,
    seq         INTEGER NOT NULL,  -- the newest row of the common chain
    hash        TEXT NOT NULL      -- its hash, which the account's first own row follows
) STRICT"""
_FILL_CHAIN_STARTS = """
INSERT INTO chain_starts
SELECT accounts.account_key, newest.seq, newest.hash
FROM accounts, (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1) AS newest
WHERE (SELECT COUNT(DISTINCT account_key) FROM audit) > 1
    AND accounts.account_key IN (SELECT account_key FROM audit)"""


def number_by_account(connection: sqlite3.Connection) -> None:
    """Give every numbered table its key by account, inside the caller's transaction, without checks of foreign keys.

    SQLite cannot change the key of a table: each is made anew and filled
    (https://www.sqlite.org/lang_altertable.html#otheralter).
    """
    connection.execute(_CHAIN_STARTS)
    connection.execute(_FILL_CHAIN_STARTS)
    make_anew(
        connection,
        {table: partial(_with_key_by_account, table=table, number=number) for table, number in _TABLES.items()},
        lambda table, sql: _with_number(sql, _TABLES[table]),
    )


def make_anew(
    connection: sqlite3.Connection,
    columns: Mapping[str, Callable[[str], str]],
    index: Callable[[str, str], str],
    rows: Callable[[str], str] = "SELECT * FROM {}".format,
) -> None:
    """Make tables anew with other columns and keys, filled and with their indexes, triggers and all views.

    columns: from the statement that made each table, that which makes ``<table>_anew``.
    index: the statement that makes an index, by its table and the statement before.
    rows: the statement that gives a table's rows as they become.
    """
    parts = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE type IN ('view', 'index', 'trigger') AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for kind, name, _, _ in parts:
        if kind == "view":
            connection.execute(f"DROP VIEW {name}")
    for table, anew in columns.items():
        select = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
        (sql,) = connection.execute(select, (table,)).fetchone()
        connection.execute(anew(sql))
        connection.execute(f"INSERT INTO {table}_anew {rows(table)}")
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"ALTER TABLE {table}_anew RENAME TO {table}")
    for kind, _, table, sql in parts:
        if kind == "view" or table in columns:
            connection.execute(index(table, sql) if kind == "index" else sql)


def _with_number(sql: str, number: str) -> str:
    """The statement that makes an index by account, in the order of the numbers: a row's place in the file told it."""
    columns, rest = sql.split(")", 1)
    if "(account_key" not in columns or "UNIQUE" in columns or columns.endswith(f" {number}"):
        return sql
    return f"{columns}, {number}){rest}"


def _with_key_by_account(sql: str, table: str, number: str) -> str:
    """The statement that makes the new table, out of that which made the old one."""
    body = sql[sql.index("(") + 1 : sql.rindex(")")].rstrip()
    lines = [line.replace("INTEGER PRIMARY KEY", "INTEGER NOT NULL") for line in body.splitlines()]
    keys = [f"PRIMARY KEY (account_key, {number})"]
    if table in _REFERENCES:
        column, to = _REFERENCES[table]
        is_column = [line.strip().startswith(f"{column} ") for line in lines]
        lines = [
            line.split(" REFERENCES ")[0] + ("," if line.rstrip().endswith(",") else "") if own else line
            for line, own in zip(lines, is_column, strict=True)
        ]
        keys.append(f"FOREIGN KEY (account_key, {column}) REFERENCES {to} (account_key, {NUMBERED[to]})")
    columns = "\n".join(lines)
    return f"CREATE TABLE {table}_anew ({columns}\n    , {', '.join(keys)}) STRICT"
