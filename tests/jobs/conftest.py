"""Homes to run jobs in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.house import House, Script
from tradebot.ledger.database import open_database

MakeHouse = Callable[..., House]
Prepare = Callable[[MakeHouse], House]
CopyHouse = Callable[[Prepare], House]


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new ledger, made once: each home begins with a copy."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    open_database(path, create=True).close()
    return path


@pytest.fixture(scope="session")
def houses_made() -> dict[str, Path]:
    """New homes of this run by their settings and prices, to be copied."""
    return {}


@pytest.fixture
def make_house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_ledger: Path, houses_made: dict[str, Path]
) -> MakeHouse:
    """Makes homes, a test's first perhaps by a copy; nothing of the user who runs the tests counts in them."""
    monkeypatch.setenv("TRADEBOT_STATE_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("TRADEBOT_HOME", raising=False)
    numbers = count(1)

    def make(*scripts: Script, **how: Any) -> House:
        number = next(numbers)
        alike = houses_made if number == 1 else None  # a second home of one test has an id of its own
        home = tmp_path / f"home{number}"
        return House(home, *(scripts or (Script(),)), ledger=empty_ledger, alike=alike, **how)

    return make


@pytest.fixture(scope="session")
def prepared_houses() -> dict[Prepare, House]:
    """Homes that tests of this run have prepared, to be copied."""
    return {}


@pytest.fixture
def copy_house(
    make_house: MakeHouse,
    prepared_houses: dict[Prepare, House],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> CopyHouse:
    """Gives a copy of the home that a function prepares, which it does for the first test alone."""

    def copy(prepare: Prepare) -> House:
        if prepare not in prepared_houses:
            prepared_houses[prepare] = prepare(make_house).copied(tmp_path_factory.mktemp("prepared") / "home")
        return prepared_houses[prepare].copied(tmp_path / "copy")

    return copy


def holding_acme(make_house: MakeHouse) -> House:
    """A home that holds 50 ACME, bought at 100, with a stop at 90; it is 09:35."""
    house = make_house(Script(enter={"ACME": [date(2007, 1, 4)]}))
    house.daily()
    return house
