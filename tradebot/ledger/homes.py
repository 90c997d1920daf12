"""The homes that use a ledger: one, or several where it lies outside them."""

from __future__ import annotations

from datetime import datetime

from tradebot.ledger.codec import stamp
from tradebot.ledger.engine import Engine


class Homes:
    """The table of homes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def paths(self) -> dict[str, str]:
        """The path of each home by its id."""
        return {row["home_id"]: row["path"] for row in self._engine.all("SELECT home_id, path FROM homes")}

    def number(self, home_id: str) -> int | None:
        """The number of a home among those that use the ledger, in the order of their coming; None if it is unknown."""
        row = self._engine.one(
            "SELECT COUNT(*) AS number FROM homes, (SELECT since AS came FROM homes WHERE home_id = :home_id) AS this"
            " WHERE since < came OR (since = came AND home_id <= :home_id)",
            {"home_id": home_id},
        )
        return int(row["number"]) or None if row else None

    def add(self, home_id: str, path: str, at: datetime) -> None:
        """Store a home, or the new path of one that was moved. ``path``: see ``tradebot.home.paths.resolved_text``."""
        self._engine.insert(
            "homes",
            {"home_id": home_id, "path": path, "since": stamp(at)},
            "ON CONFLICT (home_id) DO UPDATE SET path = excluded.path",
        )

    def has_runs(self) -> bool:
        """Whether a job has run: a ledger without one may be left over from the making of its home."""
        return self._engine.one("SELECT 1 FROM runs LIMIT 1") is not None
