"""Cache files: their content can be fetched again, so a file is read whole and undamaged, or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from tradebot.home.regular_files import open_regular, read_bytes

_DIGEST_SIZE = 32  # bytes at the beginning of the file


def read_cache_file(path: Path, label: str) -> bytes | None:
    """The content written under ``label``; None when the file is missing, damaged, or written under another label."""
    try:
        content = read_bytes(path)
    except OSError:
        return None
    digest, payload = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
    return payload if digest == _digest(payload, label) else None


def write_cache_file(path: Path, label: str, payload: bytes) -> None:
    """Write a file atomically: of two writers the later one wins, and no reader sees a part. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(open_regular(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:  # noqa: PTH123
            file.write(_digest(payload, label))
            file.write(payload)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _digest(payload: bytes, label: str) -> bytes:
    key = blake2b(label.encode(errors="surrogateescape"), digest_size=_DIGEST_SIZE).digest()
    return blake2b(payload, digest_size=_DIGEST_SIZE, key=key).digest()
