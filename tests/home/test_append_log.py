"""Files of lines: an incomplete write never touches earlier lines, and no later line is joined to it."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.home import append_log
from tradebot.home.append_log import LineWriter

LINES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@contextmanager
def new_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "lines"


def write(path: Path, *lines: str, shared: bool) -> None:
    """Write without waiting for the disk."""
    with LineWriter.appending(path, shared=shared) as writer:
        for line in lines:
            writer.write(line)


@given(earlier=st.lists(LINES, max_size=4), torn=LINES, later=LINES, shared=st.booleans())
def test_wherever_a_write_is_cut_off_every_other_line_is_read(
    earlier: list[str], torn: str, later: str, shared: bool
) -> None:
    with new_file() as path:
        write(path, *earlier, shared=shared)
        before = path.read_bytes()
        write(path, torn, shared=shared)
        whole = path.read_bytes()
        assert append_log.read_lines(path) == (*earlier, torn)
        for length in range(len(before), len(whole) + 1):
            path.write_bytes(whole[:length])
            read = append_log.read_lines(path)
            assert (read[: len(earlier)], len(read[len(earlier) :]) <= 1) == (tuple(earlier), True)
            write(path, later, shared=shared)
            assert append_log.read_lines(path) == (*read, later)


@given(lines=st.lists(LINES, min_size=1), data=st.data())
def test_the_end_of_a_file_is_read_in_whole_lines(lines: list[str], data: st.DataObject) -> None:
    with new_file() as path:
        write(path, *lines, shared=data.draw(st.booleans()))
        size = path.stat().st_size
        for last_bytes in range(size + 2):
            read = append_log.read_lines(path, last_bytes=last_bytes)
            assert read == tuple(lines[len(lines) - len(read) :])
        assert read == tuple(lines)


def test_a_file_of_one_process_has_a_line_an_entry_and_a_shared_one_a_blank_line_before_each(tmp_path: Path) -> None:
    for name, shared, content in (("own", False, b"one\ntwo\n"), ("shared", True, b"\none\n\ntwo\n")):
        path = tmp_path / "folder" / name
        append_log.append(path, "one", shared=shared)
        append_log.append(path, "two", shared=shared)
        assert path.read_bytes() == content


def test_no_file_has_no_lines_and_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    assert append_log.read_lines(tmp_path / "lines") == ()
    with pytest.raises(OSError, match="it is a folder"):
        append_log.read_lines(tmp_path)
    with pytest.raises(OSError, match="it is a folder"):
        append_log.append(tmp_path, "line")


class FullDisk(FileIO):
    """A file on a disk that takes ``room`` bytes more."""

    room = 7

    def write(self, content: object, /) -> int:
        assert isinstance(content, bytes)
        if content and not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(content[: self.room])
        self.room -= written
        return written


@pytest.mark.parametrize("mode", ["x", "a+"])
def test_a_line_that_the_disk_takes_a_part_of_is_an_error_and_the_next_one_stands_alone(
    tmp_path: Path, mode: str
) -> None:
    file = FullDisk(tmp_path / "lines", mode)
    with LineWriter(file) as writer:
        writer.write("one")
        for _ in range(2):
            with pytest.raises(OSError, match=r"disk is full|No space left"):
                writer.write("two of three")
        file.room = 100
        writer.write("three")
    assert append_log.read_lines(tmp_path / "lines") == ("one", "two", "three")
