"""The halt latch of a home: two files with the same halts, so that a halt survives the loss of either."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.order_ids import account_hash
from tradebot.errors import ConfigError
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LostState:
    """The state folder of a home was lost or replaced. ``restore`` makes it whole, and may raise TradebotError."""

    reason: str
    restore: Callable[[], None]

    @property
    def halt(self) -> Halt:
        """The halt that it is: nobody can tell which halts the folder held."""
        return Halt(HaltSource.LATCH_FILE, HaltRule.UNREADABLE, HaltLevel.HALTED, self.reason)


class HomeLatch:
    """What halts a home is the union of both files: one in the state folder, one beside it.

    lost: what is wrong with the state folder, which halts too until ``clear`` makes it whole.
    """

    def __init__(self, home: Path, lost: LostState | None = None) -> None:
        self.lost = lost
        self._files = (LatchFile(paths.latch_file(home)), LatchFile(paths.second_latch_file(home)))

    def read(self) -> tuple[Halt, ...]:
        """The halts of both files, each once. A file that cannot be read is a halt of rule UNREADABLE."""
        lost = (self.lost.halt,) if self.lost else ()
        return tuple(dict.fromkeys([*lost, *(halt for file in self._files for halt in file.read())]))

    def set(self, halt: Halt) -> None:
        """Add a halt to both files. Raises ConfigError if neither then halts as much."""
        errors: list[ConfigError] = []
        for file in self._files:
            try:
                file.set(halt)
            except ConfigError as error:
                _LOG.error("the halt is not kept in both places: %s", error)
                errors.append(error)
        if len(errors) == len(self._files):
            raise errors[0]

    def clear(self, halts: Collection[Halt]) -> None:
        """Remove these halts from both files; the others stay. Raises ConfigError if a file cannot be written.

        A crash between the two leaves the halt in the second, and the halt set.
        """
        for file in self._files:
            file.clear(halts)
        if self.lost and self.lost.halt in halts:
            self.lost.restore()
            self.lost = None


class AccountLatch:
    """The halts of a home that hold for one account. Another account's are neither seen nor cleared.

    account: the account's key.
    others: reads the keys of the accounts of the home, or the hash of one that its ledger has lost. A halt that holds
        for every account is cleared for this one alone: it is set again for each of them first. A crash between the
        two leaves it set for every account.
    """

    def __init__(self, latch: HomeLatch, account: str, others: Callable[[], Collection[str]]) -> None:
        self._latch = latch
        self._account = account
        self._others = others

    def read(self) -> tuple[Halt, ...]:
        """The halts of this account and those of every account."""
        return tuple(halt for halt in self._latch.read() if halt.holds_for(self._account))

    def set(self, halt: Halt) -> None:
        """Add a halt of this account. Raises ConfigError if neither file then halts as much."""
        self._latch.set(replace(halt, account=self._account))

    def clear(self, halts: Collection[Halt]) -> None:
        """Remove these halts for this account. Raises ConfigError if a file cannot be written."""
        held = [halt for halt in self.read() if halt in halts]
        for halt in held:
            for other in () if halt.account else self._others():
                if other not in (self._account, account_hash(self._account)):
                    self._latch.set(replace(halt, account=other))
        self._latch.clear(held)

    def narrow(self, halt: Halt) -> None:
        """Let a halt that was set for every account hold for this one alone.

        Raises ConfigError if a file cannot be written; the halt then holds for every account.
        """
        self.set(halt)
        self._latch.clear([halt])
