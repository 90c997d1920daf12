"""Files are opened by name without waiting, and what is no file is refused in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tradebot.home.regular_files import (
    NotRegularFile,
    check_database,
    check_regular,
    open_regular,
    read_bytes,
    read_text,
    remove_name,
)

on_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")


def test_a_file_is_read_and_written_and_a_missing_one_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    check_regular(path)
    with pytest.raises(FileNotFoundError):
        read_bytes(path)
    with open(open_regular(path, os.O_WRONLY | os.O_CREAT), "wb") as file:  # noqa: PTH123
        file.write("é\n".encode())
    assert read_text(path) == "é\n"
    assert read_bytes(path) == b"\xc3\xa9\n"


@on_posix
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREAT], ids=["read", "write", "make"])
def test_a_pipe_is_refused_at_once(flags: int, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file")
    with pytest.raises(NotRegularFile, match="it is a pipe, not a file"):
        open_regular(tmp_path / "file", flags)


@on_posix
def test_what_stands_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for target, said in (("/dev/null", "a device"), (tmp_path, "a folder"), ("gone", "gone, which leads nowhere")):
        path.symlink_to(target)
        with pytest.raises(NotRegularFile, match=said):
            check_regular(path)
        remove_name(path)
    assert tmp_path.is_dir()
    path.mkdir()
    remove_name(path)
    remove_name(path.with_name("never was"))
    assert not path.exists()


@on_posix
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_a_database_is_all_its_files(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    check_database(path)
    os.mkfifo(f"{path}{suffix}")
    with pytest.raises(NotRegularFile, match="a pipe"):
        check_database(path)
