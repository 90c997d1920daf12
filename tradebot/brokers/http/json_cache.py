"""JSON that one command fetches from a broker and keeps for the next commands."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from tradebot.brokers.http.responses import Json
from tradebot.home.cache_file import read_cache_file, write_cache_file

FORMAT = 1

_LOG = logging.getLogger(__name__)


class JsonCache:
    """One JSON value in the file ``<broker>_<name>`` of a folder, valid for one ``host``.

    Without a folder nothing is kept. The file may be deleted at any time: its content is then fetched again.
    """

    def __init__(self, folder: Path | None, broker: str, name: str, host: str) -> None:
        self._path = None if folder is None else folder / f"{broker}_{name}"
        self._label = f"{name} {FORMAT}, {host}"
        self._content: Json | None = None

    def load(self) -> Json | None:
        """The value saved last; None when the file is missing, damaged or of another host."""
        if self._content is None and self._path is not None:
            payload = read_cache_file(self._path, self._label)
            self._content = None if payload is None else json.loads(payload)
        return self._content

    def save(self, content: Json) -> None:
        """Replace the value. A file that cannot be written is ignored: it only costs the next command a request."""
        if self._path is None or content == self.load():
            return
        self._content = content
        try:
            write_cache_file(self._path, self._label, json.dumps(content).encode())
        except OSError as error:
            _LOG.debug("%s could not be written, so the next command will ask: %s", self._path, error)
