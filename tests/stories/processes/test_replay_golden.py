"""Three years, replayed, come out to the cent as they always did.

``python scripts/check_replay_golden.py --renew`` keeps what they come to from now on.
"""

from __future__ import annotations

from scripts import check_replay_golden as golden
from tests.stories.processes.conftest import FIRST, LAST, Machine


def test_three_years_come_out_as_they_did(three_years: Machine) -> None:
    assert (FIRST, LAST) == (golden.FIRST, golden.LAST)
    assert not golden.differences(golden.kept(), golden.replayed(three_years.ledger))


def test_what_is_kept_is_what_its_hashes_say() -> None:
    assert golden.hashes(golden.kept()) == (golden.FOLDER / golden.HASHES).read_text(encoding="ascii")


def test_a_cent_makes_a_difference() -> None:
    before = golden.kept()
    head, row, *rest = before["equity"].splitlines(keepends=True)
    assert row.count("100000") > 0
    changed = {**before, "equity": "".join((head, row.replace("100000", "100000.01", 1), *rest))}
    assert len(golden.differences(before, changed)) > 0
