"""Files that a command writes where its user says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tradebot.errors import UsageError
from tradebot.home.output_files import Kind, output_path, replacing, write_output
from tradebot.settings import Loaded, load
from tradebot.settings.home_files import Use

LIST = Kind("a list", lambda head: head.startswith(b"list\n"))


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".env").write_text("")
    return load(home, None, {})


def refused(path: Path, loaded: Loaded, *, force: bool = False) -> str:
    with pytest.raises(UsageError) as caught:
        output_path(path, "--out", loaded, LIST, force=force)
    return str(caught.value)


def test_a_new_file_is_made_with_its_folder(loaded: Loaded, tmp_path: Path) -> None:
    path = output_path(tmp_path / "new" / "list.txt", "--out", loaded, LIST)
    write_output(path, "list\n", "--out")
    assert path.read_bytes() == b"list\n"
    assert list(path.parent.iterdir()) == [path]


def test_its_own_kind_and_an_empty_file_are_replaced(loaded: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    for before in ("", "list\nold\n"):
        path.write_text(before)
        write_output(output_path(path, "--out", loaded, LIST), "list\nnew\n", "--out")
        assert path.read_text() == "list\nnew\n"


def test_another_kind_is_replaced_by_force_alone(loaded: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "thesis.md"
    path.write_text("# Chapter 1\n")
    assert "exists and is not a list" in refused(path, loaded)
    assert output_path(path, "--out", loaded, LIST, force=True) == path.resolve()


@pytest.mark.parametrize("path", [".env", "trading_robot.db", "trading_robot.db-wal", "state/HALT", "parameters.toml"])
def test_no_force_takes_a_file_of_the_home(path: str, loaded: Loaded) -> None:
    assert "nothing is written there" in refused(loaded.settings.home / path, loaded, force=True)
    assert "nothing is written there" in refused(loaded.settings.home / path, loaded)


def test_a_file_of_prices_may_be_refreshed_by_prices_alone(tmp_path: Path) -> None:
    loaded = load(tmp_path, None, {"PAPER_DATA": "bars.csv"})
    path = tmp_path / "bars.csv"
    path.write_text("list\n")
    assert "reads, and nothing is written there" in refused(path, loaded, force=True)
    assert output_path(path, "--out", loaded, LIST, use=Use.PRICES) == path.resolve()


def test_what_is_no_plain_file_is_refused(loaded: Loaded, tmp_path: Path) -> None:
    assert "no plain file" in refused(tmp_path, loaded, force=True)
    if os.name != "nt":
        assert "no plain file" in refused(Path(os.devnull), loaded, force=True)
        os.mkfifo(tmp_path / "pipe")
        assert "no plain file" in refused(tmp_path / "pipe", loaded, force=True)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_stays_and_what_it_names_is_replaced(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("list\n")
    (tmp_path / "link").symlink_to("list.txt")
    write_output(output_path(tmp_path / "link", "--out", loaded, LIST), "list\nnew\n", "--out")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "list.txt").read_text() == "list\nnew\n"


def test_the_old_file_stays_where_the_new_one_fails(loaded: Loaded, tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("list\nold\n")
    with pytest.raises(UsageError, match="the disk is full"), replacing(path, "--out") as temporary:
        temporary.write_text("li")
        raise OSError(28, "the disk is full")
    assert path.read_text() == "list\nold\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home", "list.txt"]
