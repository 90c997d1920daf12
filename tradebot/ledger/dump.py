"""The whole ledger as lines of text, for a comparison of two ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tradebot.ledger.audit import RUNS
from tradebot.ledger.codec import canonical_json
from tradebot.ledger.database import open_database

#: The columns with wall time, process ids or names of homes: two replays of the same sessions differ in no others.
WALL_CLOCK_COLUMNS: dict[str, frozenset[str]] = {
    RUNS.table: RUNS.outside,
    "alert_posts": frozenset({"since", "next_try", "settled"}),
    "alert_attempts": frozenset({"at"}),
    "_sqlite_migrations": frozenset({"applied_at"}),
    "homes": frozenset({"home_id", "path", "since"}),
}


def dump_lines(path: Path) -> Iterator[str]:
    """One line for each row: table name and canonical JSON, by table and primary key, without WALL_CLOCK_COLUMNS.

    Raises LedgerError if the ledger cannot be opened.
    """
    database = open_database(path, create=False)
    try:
        for table, key in database.engine.tables().items():
            hidden = WALL_CLOCK_COLUMNS.get(table, frozenset())
            for row in database.engine.each(f"SELECT * FROM {table} ORDER BY {', '.join(key)}"):
                columns = {name: value for name, value in row.items() if name not in hidden}
                yield f"{table} {canonical_json(columns)}"
    finally:
        database.close()
