"""Frames: what is written is read, and bytes of any kind end in a frame, a FrameError or the end of the pipe."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.plugins.process.framing import MAX_HEADER_BYTES, Frame, FrameError, encode_frame, read_frame


def reading(content: bytes) -> Callable[[int], bytearray]:
    stream = io.BytesIO(content)

    def read_exactly(size: int) -> bytearray:
        part = bytearray(stream.read(size))
        if len(part) < size:
            raise EOFError
        return part

    return read_exactly


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), st.binary())
def test_what_is_written_is_read(header: dict[str, object], body: bytes) -> None:
    frame = read_frame(reading(encode_frame(header, [body])), lambda: len(body))
    assert frame == Frame(header, bytearray(body))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_an_error_or_too_few(content: bytes) -> None:
    with suppress(FrameError, EOFError):
        assert isinstance(read_frame(reading(content), lambda: 100).header, dict)


@pytest.mark.parametrize("lengths", [(MAX_HEADER_BYTES + 1, 0), (2, 11), (2, 1 << 63)])
def test_a_length_is_refused_before_anything_of_it_is_read(lengths: tuple[int, int]) -> None:
    header, body = lengths
    with pytest.raises(FrameError, match="too much"):
        read_frame(reading(header.to_bytes(4, "little") + body.to_bytes(8, "little")), lambda: 10)


@pytest.mark.parametrize("header", [b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_a_header_that_is_no_object_is_refused(header: bytes) -> None:
    content = len(header).to_bytes(4, "little") + bytes(8) + header
    with pytest.raises(FrameError):
        read_frame(reading(content), lambda: 0)
