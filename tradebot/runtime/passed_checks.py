"""The checks that strategies passed, kept in the user's state folder: a backtest asks the same questions only once."""

from __future__ import annotations

import json
import logging
import sys
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd

from tradebot import plugins, strategy_api
from tradebot.home.cache_file import read_cache_file, write_cache_file
from tradebot.plugins.load import Plugin
from tradebot.strategy_api import History

_LOG = logging.getLogger(__name__)

_LABEL = "passed checks 1"
#: Digests that are kept: the newest.
_MOST = 1000


class PassedChecks:
    """What passed, as digests of all that a verdict depends on. A strategy that failed is checked again each time."""

    def __init__(self, state_path: Path) -> None:
        self._path = state_path / "passed_checks"

    def has(self, digest: str) -> bool:
        """Whether the checks of this digest were passed. A damaged file holds none."""
        return digest in self._read()

    def add(self, digest: str) -> None:
        """Keep a digest. A file that cannot be written is only logged: it costs the next backtest time."""
        kept = [each for each in self._read() if each != digest]
        try:
            write_cache_file(self._path, _LABEL, json.dumps([*kept, digest][-_MOST:]).encode())
        except OSError as error:
            _LOG.debug("%s could not be written, so the next backtest checks again: %s", self._path, error)

    def _read(self) -> list[str]:
        payload = read_cache_file(self._path, _LABEL)
        return [] if payload is None else list(map(str, json.loads(payload)))


def digest_of(plugin: Plugin, history: History) -> str:
    """The digest of what the checks of a strategy over ``history`` depend on.

    That is the strategy's files and parameters, the prices that it is checked on, the code of the checks, and the
    libraries that it computes with.
    """
    info, index = plugin.info, history.close.index
    facts = {
        "strategy": [info.name, info.fingerprint, info.files, info.params, info.warmup],
        "symbols": list(history.close.columns),
        "libraries": [sys.version, np.__version__, pd.__version__],
        "checks": _checks(),
    }
    digest = blake2b(json.dumps(facts, sort_keys=True, default=str).encode(), digest_size=32)
    digest.update(index.to_numpy(dtype="datetime64[ns]").tobytes())
    for name in History.__dataclass_fields__:
        digest.update(getattr(history, name).to_numpy(dtype=np.float64).tobytes())
    return digest.hexdigest()


@cache
def _checks() -> str:
    """The digest of the code that checks strategies, and of what strategies import of this package."""
    digest = blake2b(digest_size=32)
    for path in (*sorted(Path(plugins.__path__[0]).rglob("*.py")), Path(strategy_api.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
