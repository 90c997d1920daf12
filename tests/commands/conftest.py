"""Commands run as processes, in a folder and with a user's state of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.cli import Ended, tradebot

Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``tradebot`` in a folder that is empty at first."""
    here = tmp_path / "here"
    here.mkdir()
    return partial(tradebot, state=tmp_path / "state", cwd=here)


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A fresh home of the test's own."""
    return shutil.copytree(made_home, tmp_path / "home")
