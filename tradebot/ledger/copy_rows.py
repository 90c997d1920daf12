"""Copies rows of one ledger into another, in the order that foreign keys ask for, and compares them one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, zip_longest
from typing import Any

from tradebot.errors import LedgerError
from tradebot.ledger.engine import Engine
from tradebot.ledger.row_keys import next_row_key

#: Tables about an account itself, whatever generation of its history is read.
OF_ACCOUNTS = frozenset({"accounts", "epochs", "pins"})
#: The tables that others refer to, in their order, and those that stop writes to what they name.
_FIRST = ("accounts", "homes", "runs", "alerts", "alert_posts", "decision_settings")
_LAST = ("generations", "moves")
#: Tables about the schema, which each ledger fills itself.
_OF_THE_SCHEMA = frozenset({"_sqlite_migrations"})
_BATCH = 500


def copy_account(source: Engine, target: Engine, row_key: str, history: str) -> str:
    """Copy the rows under ``row_key`` as the history ``history`` of ``target``, inside a transaction, and compare them.

    Returns the key of the copied rows. Raises LedgerError.
    """
    new_key = next_row_key(target)
    _copy(source, target, "accounts", row_key, {"account_key": new_key, "history": history})
    for table in tables_of_rows(source):
        _copy(source, target, table, row_key, {"account_key": new_key})
    return new_key


def copy_beside(source: Engine, target: Engine, row_key: str, new_key: str) -> None:
    """Copy what is stored about an account beside its history, inside a transaction. Raises LedgerError.

    The keys are those of the rows of its first history.
    """
    for table in sorted(OF_ACCOUNTS - {"accounts"}):
        _copy(source, target, table, row_key, {"account_key": new_key})


def copy_everything(source: Engine, target: Engine) -> None:
    """Copy every row into an empty ledger, inside a transaction, and compare them. Raises LedgerError."""
    for table in in_order(set(source.tables()) - _OF_THE_SCHEMA):
        columns, key = source.columns(table), ", ".join(source.tables()[table])
        select = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {key}"
        for rows in _in_batches(source.tuples(select)):
            target.insert_many(table, [dict(zip(columns, row, strict=True)) for row in rows])
        compare(table, source.tuples(select), target.tuples(select))


def tables_of_rows(engine: Engine) -> tuple[str, ...]:
    """The tables whose rows are the history of an account, in the order in which they can be filled."""
    tables = {name for name in engine.tables() if "account_key" in engine.columns(name)} - OF_ACCOUNTS
    return in_order(tables)


def in_order(tables: set[str] | frozenset[str]) -> tuple[str, ...]:
    """Tables in the order in which they can be filled: those first that others refer to."""
    places = {name: place for place, name in enumerate(_FIRST)} | dict.fromkeys(_LAST, len(_FIRST) + 1)
    return tuple(sorted(tables, key=lambda name: (places.get(name, len(_FIRST)), name)))


def _copy(source: Engine, target: Engine, table: str, row_key: str, new: Mapping[str, str]) -> None:
    """Copy the rows of a history, with other values in the columns of ``new``."""
    columns = source.columns(table)
    places = {columns.index(name): value for name, value in new.items()}
    key = ", ".join(source.tables()[table])
    select = f"SELECT {', '.join(columns)} FROM {table} WHERE account_key = :key ORDER BY {key}"
    for rows in _in_batches(source.tuples(select, key=row_key)):
        target.insert_many(table, [dict(zip(columns, _moved(row, places), strict=True)) for row in rows])
    here = (_moved(row, places) for row in source.tuples(select, key=row_key))
    compare(table, here, target.tuples(select, key=new["account_key"]))


def compare(table: str, here: Iterator[tuple[Any, ...]], there: Iterator[tuple[Any, ...]]) -> int:
    """Compare the rows of a table with their copies, and count them. Raises LedgerError at the first that differs."""
    count = 0
    for count, (row, copy) in enumerate(zip_longest(here, there), 1):
        if row != copy:
            raise LedgerError(f"Row {count} of {table} was not copied as it is. Nothing was changed. Run it again.")
    return count


def _in_batches(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _moved(row: tuple[Any, ...], places: Mapping[int, str]) -> tuple[Any, ...]:
    return tuple(places.get(place, value) for place, value in enumerate(row))
