"""Homes that are made once in a run of the tests, whichever of its workers asks first: to be looked at, or copied.

A pytest plugin, named in tests/conftest.py.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from tests.fakes.cli import tradebot

#: Says which strategies have kept their promises; that takes seconds of CPU time a home, and is the same in each.
_CHECKED = "strategies_checked.json"


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that ``make`` fills, once in a run."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            (folder / "made").touch()
    return folder


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has not traded, and whose user has the folder ``state`` beside it."""
    return _home_after(tmp_path_factory, "init-db")


@pytest.fixture(scope="session")
def traded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has traded its first session, at 09:35: it holds three positions with a stop each."""
    return _home_after(tmp_path_factory, "run-daily")


@pytest.fixture(scope="session")
def strategies_checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says so of the shipped strategies: to be copied into the folder ``state`` of any home."""
    return _checked(tmp_path_factory)


def _checked(factory: pytest.TempPathFactory) -> Path:
    def check(folder: Path) -> None:
        _run("init-db", folder)
        _run("preflight", folder)

    return once(factory, "checked", check) / "home" / "state" / _CHECKED


def _home_after(factory: pytest.TempPathFactory, command: str) -> Path:
    checked = _checked(factory)

    def make(folder: Path) -> None:
        _run(command, folder)
        shutil.copy(checked, folder / "home" / "state")

    return once(factory, f"after-{command}", make) / "home"


def account_id(home: Path) -> str:
    """The id of the account on the embedded exchange of a home."""
    with closing(sqlite3.connect(home / "state" / "paper_exchange.db")) as exchange:
        ((found,),) = exchange.execute("SELECT account_id FROM exchange")
    return str(found)


def _run(command: str, folder: Path) -> None:
    ended = tradebot(command, "--home", folder / "home", state=folder / "state", cwd=folder)
    assert ended.code == 0, ended.err
