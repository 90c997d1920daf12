"""Homes to run jobs in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.house import House, Script
from tradebot.ledger.database import open_database

MakeHouse = Callable[..., House]


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new ledger, made once: each home begins with a copy."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    open_database(path, create=True).close()
    return path


@pytest.fixture
def make_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_ledger: Path) -> MakeHouse:
    """Makes homes; nothing of the user who runs the tests counts in them."""
    monkeypatch.setenv("TRADEBOT_STATE_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("TRADEBOT_HOME", raising=False)
    numbers = count(1)

    def make(*scripts: Script, **how: Any) -> House:
        return House(tmp_path / f"home{next(numbers)}", *(scripts or (Script(),)), ledger=empty_ledger, **how)

    return make
