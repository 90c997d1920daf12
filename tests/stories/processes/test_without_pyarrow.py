"""A plain installation has no pyarrow: it trades without a word about it, and says what a Parquet file needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.cli import ROOT
from tests.stories.processes.conftest import Machine


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PYTHONPATH on which pyarrow cannot be imported."""
    folder = tmp_path / "without"
    folder.mkdir()
    (folder / "pyarrow.py").write_text("raise ImportError('not installed')\n")
    return os.pathsep.join((str(ROOT), str(folder)))


def test_a_parquet_file_is_refused_with_the_name_of_the_extra(machine: Machine, path: str) -> None:
    machine.home.mkdir()
    (machine.home / "bars.parquet").write_bytes(b"PAR1")
    ended = machine("run-daily", PAPER_DATA="bars.parquet", PYTHONPATH=path)
    assert (ended.code, ended.out) == (3, "")
    (line,) = ended.err.splitlines()
    assert "a Parquet file needs the package pyarrow, which is not installed" in line
    assert 'pip install "tradebot[parquet]"' in line


def test_the_bundled_prices_are_traded_without_a_warning(machine: Machine, path: str) -> None:
    ended = machine("run-daily", PYTHONPATH=path, PYTHONWARNINGS="default")
    assert ended.code == 0
    assert "pyarrow" not in ended.err.lower()
