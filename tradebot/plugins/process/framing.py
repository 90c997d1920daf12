"""Frames on a pipe: a JSON header and bytes, each after its length, which is checked before anything is read."""

from __future__ import annotations

import io
import json
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LENGTHS = struct.Struct("<IQ")  # bytes of the header and of the body

#: Bytes of a header, at most.
MAX_HEADER_BYTES = 16_000_000
#: Bytes of a body from the command, which is trusted.
NO_LIMIT = 1 << 62


class FrameError(Exception):
    """A message that cannot be read. Its text continues "its process sent"."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    header: dict[str, Any]
    body: bytearray


def encode_frame(header: Mapping[str, Any], parts: Sequence[memoryview | bytes] = ()) -> bytes:
    """The bytes of a frame whose body is made of ``parts``."""
    text = json.dumps(header).encode()
    sizes = [part.nbytes if isinstance(part, memoryview) else len(part) for part in parts]
    return b"".join((LENGTHS.pack(len(text), sum(sizes)), text, *parts))


def read_frame(read_exactly: Callable[[int], bytearray], max_body: Callable[[], int]) -> Frame:
    """The next frame. ``read_exactly`` gives so many bytes, and raises at the end of the pipe.

    Raises FrameError for one that is too long, or whose header is no JSON object.
    """
    header_bytes, body_bytes = LENGTHS.unpack(read_exactly(LENGTHS.size))
    if header_bytes > MAX_HEADER_BYTES or body_bytes > max_body():
        raise FrameError(f"{header_bytes:,} and {body_bytes:,} bytes, which is too much")
    try:
        header = json.loads(read_exactly(header_bytes))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a header that is no JSON ({error!r:.100})") from None
    if not isinstance(header, dict):
        raise FrameError("a header that is no JSON object")
    return Frame(header, read_exactly(body_bytes))


def read_exactly(descriptor: int, size: int) -> bytearray:
    """So many bytes of a pipe. Raises EOFError at its end."""
    content = bytearray(size)
    with io.FileIO(descriptor, closefd=False) as pipe, memoryview(content) as view:
        done = 0
        while done < size:
            count = pipe.readinto(view[done:])
            if not count:
                raise EOFError
            done += count
    return content


def write_all(descriptor: int, content: bytes | bytearray) -> None:
    """Write to a pipe, and wait until all is taken. Raises BrokenPipeError if nobody reads it."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
