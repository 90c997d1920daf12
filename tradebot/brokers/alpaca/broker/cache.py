"""What one command learns at Alpaca and leaves for the next, so that each need not ask again."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from tradebot.brokers.alpaca.cache_file import read_cache_file, write_cache_file
from tradebot.brokers.http.responses import Json

FORMAT = 1

_LOG = logging.getLogger(__name__)


class Memory:
    """JSON about one thing in a file called ``alpaca_<about>`` of a folder; ``host`` says who told it.

    Without a folder nothing is kept. The file may be deleted at any time: then the broker is asked again.
    """

    def __init__(self, folder: Path | None, about: str, host: str) -> None:
        self._path = None if folder is None else folder / f"alpaca_{about}"
        self._label = f"{about} {FORMAT}, {host}"
        self._kept: Json | None = None

    def recall(self) -> Json | None:
        """What was kept last; None where there is no file, or one that is damaged or of another host."""
        if self._kept is None and self._path is not None:
            payload = read_cache_file(self._path, self._label)
            self._kept = None if payload is None else json.loads(payload)
        return self._kept

    def keep(self, content: Json) -> None:
        """Keep this and nothing else. A file that cannot be written costs a request and nothing else."""
        if self._path is None or content == self.recall():
            return
        self._kept = content
        try:
            write_cache_file(self._path, self._label, json.dumps(content).encode())
        except OSError as error:
            _LOG.debug("%s could not be written, so the next command will ask: %s", self._path, error)
