"""A page with several reads waits once for a ledger that does not answer."""

from __future__ import annotations

from tests.reports.conftest import NOON
from tradebot.errors import ExitCode
from tradebot.web.pages.read_once import until_refused
from tradebot.web.reads import Read, Refusal

LOCKED: Read[int] = Read(NOON, None, refusal=Refusal(ExitCode.LEDGER, "it is locked"))


def test_reads_after_one_that_is_refused_are_not_begun() -> None:
    begun = []

    def reading(read: Read[int]) -> Read[int]:
        begun.append(read)
        return read

    fine = Read(NOON, None, 1)
    assert until_refused(*(lambda: reading(fine),) * 3) == (fine, fine, fine)
    begun.clear()
    assert until_refused(lambda: reading(fine), lambda: reading(LOCKED), lambda: reading(fine)) == (
        fine,
        LOCKED,
        LOCKED,
    )
    assert begun == [fine, LOCKED]
