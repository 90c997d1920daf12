"""The whole ledger as lines of text: for a comparison of two ledgers, and as JSON lines for other programs."""

from __future__ import annotations

from collections.abc import Iterator

from tradebot.ledger.audit import RUNS
from tradebot.ledger.codec import canonical_json
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.engine import Row
from tradebot.settings.ledger_location import LedgerLocation

#: The columns with wall time, process ids or names of homes: two replays of the same sessions differ in no others.
WALL_CLOCK_COLUMNS: dict[str, frozenset[str]] = {
    RUNS.table: RUNS.outside,
    "alert_posts": frozenset({"since", "next_try", "settled"}),
    "alert_attempts": frozenset({"at"}),
    "homes": frozenset({"home_id", "host", "path", "since"}),
    "epochs": frozenset({"number", "pid", "command", "since", "host", "home_id"}),
    "pins": frozenset({"home_id"}),
}


def dump_lines(location: LedgerLocation) -> Iterator[str]:
    """One line for each row: table name and canonical JSON, by table and primary key, without WALL_CLOCK_COLUMNS.

    Raises LedgerError if the ledger cannot be opened.
    """
    database = open_database(location, create=False)
    try:
        for table, row in _rows(database):
            hidden = WALL_CLOCK_COLUMNS.get(table, frozenset())
            columns = {name: value for name, value in row.items() if name not in hidden}
            yield f"{table} {canonical_json(columns)}"
    finally:
        database.close()


def json_lines(database: Database) -> Iterator[str]:
    """One JSON object for each row: {"table": its name, "values": by column}, by table and primary key.

    Values are as the ledger stores them: decimals are text.
    """
    for table, row in _rows(database):
        yield canonical_json({"table": table, "values": row})


def _rows(database: Database) -> Iterator[tuple[str, Row]]:
    for table, key in database.engine.tables().items():
        for row in database.engine.each(f"SELECT * FROM {table} ORDER BY {', '.join(key)}"):
            yield table, row
