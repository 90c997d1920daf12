"""Where the ledger of a world lies: its engine, with the faults of its kind, and the eyes of those who watch."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.worlds.database import WatchedEngine
from tests.worlds.eyes import Eyes, FileEyes
from tests.worlds.faults import Io
from tests.worlds.market import Market
from tradebot.ledger.engine import Engine
from tradebot.settings.ledger_location import LedgerLocation


class WorldLedger(Protocol):
    """The ledger of one world."""

    @property
    def location(self) -> LedgerLocation: ...

    @property
    def eyes(self) -> Eyes: ...

    def engine(self, io: Io, *, waits: bool) -> Engine:
        """A connection of a process, one step a statement. It ``waits`` for another process beside it."""
        ...

    def steady(self, text: str) -> str:
        """A text without what is not the same each time: addresses, and the words of a server."""
        ...


#: Makes the empty ledger of a world whose home is a folder, for as long as the world lasts.
LedgerOpening = Callable[[Market, Path], AbstractContextManager[WorldLedger]]


@dataclass(frozen=True, slots=True)
class FileLedger:
    """A file of SQLite in the home."""

    location: Path
    eyes: Eyes

    def engine(self, io: Io, *, waits: bool) -> Engine:
        return WatchedEngine(self.location, io, waits=waits)

    def steady(self, text: str) -> str:
        return text


@contextmanager
def in_a_file(market: Market, home: Path) -> Iterator[WorldLedger]:
    file = home / "trading_robot.db"
    shutil.copyfile(market.ledger_file, file)
    with closing(FileEyes(file)) as eyes:
        yield FileLedger(file, eyes)
