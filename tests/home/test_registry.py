"""The list of homes."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tradebot.home import paths, registry


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "user" / "state"


def make_home(folder: Path) -> Path:
    paths.initialise(folder)
    return folder


def test_homes_are_remembered_once_each_in_order(tmp_path: Path, state: Path) -> None:
    first, second = make_home(tmp_path / "b"), make_home(tmp_path / "a")

    for home in (first, second, first, tmp_path / "a" / ".." / "b"):
        registry.add(state, home)

    assert registry.existing_homes(state) == (first, second)


def test_relative_homes_are_remembered_by_their_full_path(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_home(tmp_path / "here")
    monkeypatch.chdir(tmp_path)

    registry.add(state, Path("here"))

    assert registry.existing_homes(state) == (tmp_path / "here",)


def test_homes_that_are_gone_are_not_named(tmp_path: Path, state: Path) -> None:
    home = make_home(tmp_path / "home")
    registry.add(state, home)
    registry.add(state, tmp_path / "never made")
    assert registry.existing_homes(state) == (home,)

    paths.marker_file(home).unlink()
    assert registry.existing_homes(state) == ()
    assert registry.listed_homes(state) == registry.HomeList((home, tmp_path / "never made"))


def test_a_home_is_taken_off_the_list(tmp_path: Path, state: Path) -> None:
    first, second = make_home(tmp_path / "a"), make_home(tmp_path / "b")
    for home in (first, second):
        registry.add(state, home)
    assert [registry.remove(state, first) for _ in range(2)] == [True, False]
    assert registry.listed_homes(state) == registry.HomeList((second,))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b"[]", b'{"homes": 7}', b'{"homes": [7]}', b'"homes"'])
def test_a_damaged_list_is_kept_and_told_beside_a_new_one(content: bytes, tmp_path: Path, state: Path) -> None:
    home = make_home(tmp_path / "home")
    state.mkdir(parents=True)
    (state / "homes.json").write_bytes(content)
    assert registry.existing_homes(state) == ()
    assert "homes.json is damaged" in registry.listed_homes(state).trouble

    registry.add(state, home)

    assert registry.existing_homes(state) == (home,)
    assert json.loads((state / "homes.json").read_text()) == {"homes": [str(home)]}
    assert {path.name for path in state.iterdir()} == {"homes.json", "homes.json.damaged"}
    assert registry.listed_homes(state).homes == (home,)
    assert "homes.json.damaged is damaged" in registry.listed_homes(state).trouble
    (state / "homes.json.damaged").unlink()
    assert registry.listed_homes(state).trouble == ""


def test_a_list_that_cannot_be_written_is_logged_and_stops_nobody(
    tmp_path: Path, read_only_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        registry.add(read_only_folder, tmp_path)

    assert "cannot be written" in caplog.text
    assert registry.existing_homes(read_only_folder) == ()


def test_a_home_that_lost_everything_is_still_known_as_one(tmp_path: Path, state: Path) -> None:
    home = make_home(tmp_path / "home")
    registry.add(state, home)
    paths.marker_file(home).unlink()
    assert registry.is_listed(state, home)
    assert not registry.is_listed(state, tmp_path)
