from __future__ import annotations

from pathlib import Path

from tradebot.ledger.drive_trial import Trial, try_database


def test_a_folder_of_this_machine_takes_a_ledger_and_nothing_stays(tmp_path: Path) -> None:
    assert try_database(tmp_path) == Trial()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_takes_none(tmp_path: Path) -> None:
    assert "no database can be kept there" in try_database(tmp_path / "missing").trouble
