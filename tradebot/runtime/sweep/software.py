"""The software that computes runs: another machine gives the same figures where all of it is the same."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, fields
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
import talib

import tradebot
from tradebot.errors import Blocked


@dataclass(frozen=True, slots=True)
class Software:
    """What a process computes with, as texts."""

    tradebot: str
    code: str  # digest of tradebot's own files: two clones of a version may differ
    python: str
    numpy: str
    pandas: str
    ta_lib: str
    machine: str  # system and architecture of the processor

    def differences(self, other: Software) -> tuple[str, ...]:
        """What ``other`` has instead, such as "numpy 2.1.0 instead of 2.2.0"."""
        return tuple(
            f"{each.name} {getattr(other, each.name)} instead of {getattr(self, each.name)}"
            for each in fields(self)
            if getattr(other, each.name) != getattr(self, each.name)
        )


def refuse_other_software(own: Software, other: Software, where: str) -> None:
    """Raise Blocked if a worker computes with other software. ``where``: which worker."""
    if differences := own.differences(other):
        raise Blocked(
            f"{where} computes with {', '.join(differences)}, so its figures could differ. Install the same there as "
            "here, and start it again."
        )


@cache
def software() -> Software:
    """The software of this process."""
    return Software(
        tradebot=tradebot.__version__,
        code=_code_digest(),
        python=platform.python_version(),
        numpy=np.__version__,
        pandas=pd.__version__,
        ta_lib=talib.__version__,
        machine=f"{sys.platform} {platform.machine()}",
    )


def _code_digest() -> str:
    digest, folder = blake2b(digest_size=6), Path(tradebot.__path__[0])
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
