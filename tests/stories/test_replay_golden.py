"""The first sessions of 2007, replayed, come out to the cent as they always did.

What all three years come to is compared by ``python scripts/check_replay_golden.py``.
"""

from __future__ import annotations

from pathlib import Path

from scripts import check_replay_golden as golden

SESSIONS = 60


def test_a_quarter_of_a_year_comes_out_as_it_did(tmp_path: Path) -> None:
    golden.replay(tmp_path / "home", "--sessions", str(SESSIONS))
    before, now = golden.kept(SESSIONS), golden.replayed(tmp_path / "home" / "trading_robot.db")
    assert not golden.differences(before, now)
    assert len(now["fills"].splitlines()) > 30, "enough to tell a difference"


def test_what_is_kept_is_what_its_hashes_say() -> None:
    assert golden.hashes(golden.kept()) == (golden.FOLDER / golden.HASHES).read_text(encoding="ascii")


def test_a_cent_makes_a_difference() -> None:
    before = golden.kept()
    head, row, *rest = before["equity"].splitlines(keepends=True)
    assert row.count("100000") > 0
    changed = {**before, "equity": "".join((head, row.replace("100000", "100000.01", 1), *rest))}
    assert len(golden.differences(before, changed)) > 0
