"""Files that hold only what can be had again: read whole and undamaged, or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

_SEAL = 32


def read_cache_file(path: Path, label: str) -> bytes | None:
    """What was written under ``label``; None when there is nothing, when it is damaged or when it is something else."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    seal, payload = content[:_SEAL], content[_SEAL:]
    return payload if seal == _seal(payload, label) else None


def write_cache_file(path: Path, label: str, payload: bytes) -> None:
    """Write a file in one step: of two writers the later one wins, and no reader sees a part. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(_seal(payload, label))
            file.write(payload)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _seal(payload: bytes, label: str) -> bytes:
    return blake2b(payload, digest_size=_SEAL, key=blake2b(label.encode(), digest_size=_SEAL).digest()).digest()
