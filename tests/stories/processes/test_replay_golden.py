"""Years, replayed, come out to the cent as they always did: one in CI, three with ``--long``.

``python scripts/check_replay_golden.py --renew`` keeps what they come to from now on.
"""

from __future__ import annotations

from scripts import check_replay_golden as golden
from tests.stories.processes.conftest import FIRST, LAST_OF_THREE, Machine


def test_years_come_out_as_they_did(replayed_years: Machine, last_session: str) -> None:
    assert (FIRST, LAST_OF_THREE) == (golden.FIRST, golden.LAST)
    kept = {name: until(last_session, table) for name, table in golden.kept().items()}
    assert not golden.differences(kept, golden.replayed(replayed_years.ledger))
    assert len(kept["fills"].splitlines()) > 50


def until(last: str, table: str) -> str:
    """The head of a table and its rows up to a session, which stands first in each."""
    head, *rows = table.splitlines(keepends=True)
    return "".join((head, *(row for row in rows if row.partition(",")[0] <= last)))


def test_what_is_kept_is_what_its_hashes_say() -> None:
    assert golden.hashes(golden.kept()) == (golden.FOLDER / golden.HASHES).read_text(encoding="ascii")


def test_a_cent_makes_a_difference() -> None:
    before = golden.kept()
    head, row, *rest = before["equity"].splitlines(keepends=True)
    assert row.count("100000") > 0
    changed = {**before, "equity": "".join((head, row.replace("100000", "100000.01", 1), *rest))}
    assert len(golden.differences(before, changed)) > 0
