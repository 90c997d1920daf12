"""Making a folder a home."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tradebot.errors import ConfigError
from tradebot.home import paths


def test_a_folder_is_a_home_once_initialised_and_stays_one(tmp_path: Path) -> None:
    home = tmp_path / "deep" / "home"
    assert not paths.is_initialised(home)

    paths.initialise(home)
    before = paths.marker_file(home).stat()
    paths.initialise(home)

    assert paths.is_initialised(home)
    assert paths.marker_file(home).stat().st_ino == before.st_ino
    assert sorted(path.name for path in paths.state_folder(home).iterdir()) == ["home.json"]


def test_a_folder_with_state_but_no_marker_is_no_home(tmp_path: Path) -> None:
    paths.state_folder(tmp_path).mkdir()

    assert not paths.is_initialised(tmp_path)


def test_a_file_in_place_of_the_folder_is_no_home_and_cannot_become_one(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")

    assert not paths.is_initialised(tmp_path / "home")
    with pytest.raises(ConfigError, match="cannot be written"):
        paths.initialise(tmp_path / "home")


def test_a_damaged_marker_marks_a_home_all_the_same(tmp_path: Path) -> None:
    paths.initialise(tmp_path)
    paths.marker_file(tmp_path).write_bytes(b"\x00\xff")

    assert paths.is_initialised(tmp_path)
    paths.initialise(tmp_path)


def test_a_home_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    paths.initialise(tmp_path)
    paths.marker_file(tmp_path).write_text(json.dumps({"format": paths.FORMAT + 1}))

    with pytest.raises(ConfigError, match="newer tradebot"):
        paths.initialise(tmp_path)


def test_a_read_only_folder_is_refused_in_one_clear_line(read_only_folder: Path) -> None:
    assert not paths.is_initialised(read_only_folder)

    with pytest.raises(ConfigError) as caught:
        paths.initialise(read_only_folder)

    (problem,) = caught.value.problems
    assert problem.where == str(read_only_folder)
    assert problem.what == "it cannot be written: Permission denied"
    assert "--home" in problem.fix


def test_a_folder_that_may_not_be_looked_into_is_refused_rather_than_taken_for_no_home(closed_folder: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        paths.is_initialised(closed_folder)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are Unicode there")
@pytest.mark.parametrize(
    ("name", "text", "resolved"),
    [("café".encode(), "café", "café"), (b"caf\xe9", "caf\udce9", "caf\\xe9")],
    ids=["utf-8", "latin-1"],
)
def test_a_path_is_text_that_every_locale_reads_alike(name: bytes, text: str, resolved: str, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(name)
    assert paths.to_text(path) == str(tmp_path / text)
    assert paths.from_text(paths.to_text(path)) == path
    assert paths.resolved_text(path) == str(tmp_path.resolve() / resolved)
