"""Whose legs the open orders are, kept from one command to the next, so that each need not find it out again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from tradebot.brokers.alpaca.families import Kin
from tradebot.core.orders import Purpose
from tradebot.wire.sealed import read_sealed, write_sealed

FORMAT = 1

_LOG = logging.getLogger(__name__)


class Memory:
    """What is known of orders, by id, in a file at ``path``; ``label`` says whose they are, such as the host.

    Without a path nothing is kept. The file may be deleted at any time: then the broker is asked again.
    """

    def __init__(self, path: Path | None, label: str) -> None:
        self._path = path
        self._label = f"families {FORMAT}, {label}"
        self._kept = self._read()

    def recall(self) -> Mapping[str, Kin]:
        """What was kept last; nothing where there is no file, or one that is damaged or of another broker."""
        return self._kept

    def keep(self, kin: Mapping[str, Kin]) -> None:
        """Keep this and nothing else. A file that cannot be written costs a request and nothing else."""
        if self._path is None or kin == self._kept:
            return
        rows = {order_id: [each.role, each.parent_id, each.parent_client_order_id] for order_id, each in kin.items()}
        try:
            write_sealed(self._path, self._label, json.dumps(rows).encode())
        except OSError as error:
            _LOG.debug("%s could not be written, so the next command will ask: %s", self._path, error)
        self._kept = kin

    def _read(self) -> Mapping[str, Kin]:
        payload = read_sealed(self._path, self._label) if self._path is not None else None
        if payload is None:
            return {}
        return {
            order_id: Kin(Purpose(role), parent_id, parent_client_order_id)
            for order_id, (role, parent_id, parent_client_order_id) in json.loads(payload).items()
        }
