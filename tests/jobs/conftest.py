"""Homes to run jobs in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.house import House, Script

MakeHouse = Callable[..., House]


@pytest.fixture
def make_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeHouse:
    """Makes homes; nothing of the user who runs the tests counts in them."""
    monkeypatch.setenv("TRADEBOT_STATE_DIR", str(tmp_path / "user"))
    monkeypatch.delenv("TRADEBOT_HOME", raising=False)
    numbers = count(1)

    def make(*scripts: Script, **how: Any) -> House:
        return House(tmp_path / f"home{next(numbers)}", *(scripts or (Script(),)), **how)

    return make
