"""Small files that survive a crash, on file systems that lack a call too."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tradebot.home.atomic_files import replace_text, sync_folder, write_error_text


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system without fsync")
def test_a_file_system_that_cannot_flush_a_folder_is_no_failure() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        os.fsync(os.open("/proc/self", os.O_RDONLY))
    sync_folder(Path("/proc/self"))


def test_a_disk_that_fails_to_flush_a_folder_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    if os.name != "nt":
        with pytest.raises(OSError, match="Input/output"):
            sync_folder(tmp_path)


def test_line_ends_are_those_of_the_text(tmp_path: Path) -> None:
    replace_text(tmp_path / "file", "one\ntwo\r\n")
    assert (tmp_path / "file").read_bytes() == b"one\ntwo\r\n"


@pytest.mark.skipif(os.name == "nt", reason="links take a privilege on Windows")
def test_what_stands_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, words in (("file", "is a file, not a folder"), ("link", "mount the drive that it leads to")):
        path = tmp_path / name / "below" / "lock"
        with pytest.raises(OSError) as failure:
            replace_text(path, "")
        assert f"{tmp_path / name} is a" in str(write_error_text(path, failure.value))
        assert words in str(write_error_text(path, failure.value))
