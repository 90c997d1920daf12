"""Changes of a ledger behind its back, by somebody who may take its triggers away for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tradebot.ledger.engine import Engine
from tradebot.ledger.sqlite_engine import SqliteEngine


@contextmanager
def unguarded(engine: Engine) -> Iterator[None]:
    """Let every row be changed in the block."""
    if not isinstance(engine, SqliteEngine):
        engine.execute("SET session_replication_role = replica")
        yield
        engine.execute("SET session_replication_role = origin")
        return
    triggers = engine.triggers()
    for name in triggers:
        engine.execute(f"DROP TRIGGER {name}")
    yield
    for sql in triggers.values():
        engine.execute(sql)


@contextmanager
def without_references(engine: Engine) -> Iterator[None]:
    """Let rows refer to nothing in the block."""
    off, on = (
        ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON")
        if isinstance(engine, SqliteEngine)
        else ("SET session_replication_role = replica", "SET session_replication_role = origin")
    )
    engine.execute(off)
    yield
    engine.execute(on)
