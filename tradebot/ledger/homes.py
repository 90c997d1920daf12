"""The homes that use a ledger: one, or several where it lies outside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tradebot.ledger.codec import columns_of, value_from
from tradebot.ledger.engine import Engine

#: The home of pins in a ledger that knows no home yet.
NO_HOME = ""


@dataclass(frozen=True, slots=True)
class KnownHome:
    """A home as the ledger knows it."""

    home_id: str
    host: str  # the name of its machine; "" where an earlier version added it
    path: str  # see ``tradebot.home.paths.resolved_text``
    since: datetime

    def lies_at(self, host: str, path: str) -> bool:
        """Whether this is the place of the home. A home without a host may be on any."""
        return self.path == path and self.host in (host, "")


class Homes:
    """The table of homes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> tuple[KnownHome, ...]:
        """Every home, in the order of their coming."""
        rows = self._engine.all("SELECT home_id, host, path, since FROM homes ORDER BY since, home_id")
        return tuple(value_from(KnownHome, row) for row in rows)

    def number(self, home_id: str) -> int | None:
        """The number of a home among those that use the ledger, in the order of their coming; None if it is unknown."""
        row = self._engine.one(
            "SELECT COUNT(*) AS number FROM homes, (SELECT since AS came FROM homes WHERE home_id = :home_id) AS this"
            " WHERE since < came OR (since = came AND home_id <= :home_id)",
            {"home_id": home_id},
        )
        return int(row["number"]) or None if row else None

    def add(self, home: KnownHome) -> None:
        """Store a home, or the new place of one that was moved. The first one takes over the pins of ``NO_HOME``."""
        with self._engine.transaction():
            if not self.all():
                self._move_pins(NO_HOME, home.home_id)
            self._engine.insert(
                "homes",
                columns_of(home),
                "ON CONFLICT (home_id) DO UPDATE SET host = excluded.host, path = excluded.path",
            )

    def replace(self, before: str, home: KnownHome) -> None:
        """Store a home under a new id, which takes over the pins of the id ``before``."""
        with self._engine.transaction():
            self.add(home)
            self._move_pins(before, home.home_id)

    def _move_pins(self, before: str, after: str) -> None:
        self._engine.execute(
            "UPDATE pins SET home_id = :after WHERE home_id = :before", {"before": before, "after": after}
        )

    def has_runs(self) -> bool:
        """Whether a job has run: a ledger without one may be left over from the making of its home."""
        return self._engine.one("SELECT 1 FROM runs LIMIT 1") is not None
