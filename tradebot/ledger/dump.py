"""The whole ledger as text, to compare two of them line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tradebot.ledger.codec import canonical_json
from tradebot.ledger.database import open_database

#: The columns that hold the machine's time or process: all that two replays of the same sessions differ in.
WALL_CLOCK_COLUMNS: dict[str, frozenset[str]] = {
    "runs": frozenset({"started_wall", "ended_wall", "pid"}),
    "alert_posts": frozenset({"since", "next_try", "settled"}),
    "alert_attempts": frozenset({"at"}),
    "_sqlite_migrations": frozenset({"applied_at"}),
}


def dump(path: Path) -> Iterator[str]:
    """Each row of each table as a line, by table and primary key, without the wall-clock columns.

    Raises LedgerError when the ledger cannot be opened.
    """
    database = open_database(path, create=False)
    try:
        for table, key in database.engine.tables().items():
            hidden = WALL_CLOCK_COLUMNS.get(table, frozenset())
            for row in database.engine.each(f"SELECT * FROM {table} ORDER BY {', '.join(key)}"):
                shown = {name: value for name, value in row.items() if name not in hidden}
                yield f"{table} {canonical_json(shown)}"
    finally:
        database.close()
