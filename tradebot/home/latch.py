"""The halt latch of a home: two files with the same halts, so that a halt survives the loss of either."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

from tradebot.core.model.halts import Halt
from tradebot.errors import ConfigError
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile

_LOG = logging.getLogger(__name__)


class HomeLatch:
    """What halts a home is the union of both files: one in the state folder, one beside it."""

    def __init__(self, home: Path) -> None:
        self._files = (LatchFile(paths.latch_file(home)), LatchFile(paths.second_latch_file(home)))

    def read(self) -> tuple[Halt, ...]:
        """The halts of both files, each once. A file that cannot be read is a halt of rule UNREADABLE."""
        return tuple(dict.fromkeys(halt for file in self._files for halt in file.read()))

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
