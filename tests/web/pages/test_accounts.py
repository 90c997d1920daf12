"""The accounts side by side: one that hangs delays none, and is said not to be known yet."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.reports.conftest import SESSION
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.reports.html_report.rendering import environment
from tradebot.reports.layout import Cell, Table
from tradebot.web import latest
from tradebot.web.pages import accounts
from tradebot.web.pages.accounts import LatestStatus, account_lines, accounts_part
from tradebot.web.pages.frame import AccountName
from tradebot.web.reads import Read

NOON = datetime(2007, 1, 3, 17, tzinfo=UTC)
FOUND = Read(NOON, None, StatusOutcome.of(Outcome(Job.STATUS, SESSION, RunStatus.RAN, "no position")))


class Hangs:
    """A home that answers once it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.asked = 0

    def __call__(self) -> Read[StatusOutcome]:
        self.asked += 1
        self.let_go.wait(20)
        return FOUND


def states(found: tuple[accounts.AccountLine, ...], now: datetime = NOON) -> list[str]:
    (table,) = accounts_part(found, now).blocks
    assert isinstance(table, Table)
    return [cell.text for cell in (row[1] for row in table.rows) if isinstance(cell, Cell)]


def test_homes_that_hang_delay_none_and_come_once_they_have_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Hangs(), Hangs()
    homes = (("a", one), ("b", two), ("c", lambda: FOUND))
    named = [(AccountName(name, ""), LatestStatus("a status", read, 1.0)) for name, read in homes]
    began = time.monotonic()
    first = account_lines(named, 0.2)
    assert time.monotonic() - began < 0.2 + 0.5, "they are waited for together"
    assert states(first) == ["not known yet", "not known yet", "RUNNING"]
    account_lines(named, 0.0)
    assert (one.asked, two.asked) == (1, 1), "a home is read by one at a time"
    for each in (one, two):
        each.let_go.set()
    after = account_lines(named, 10.0)
    assert states(after) == ["RUNNING"] * 3
    assert [line.seen for line in first] != [line.seen for line in after], "the next event tells it"
    monkeypatch.setattr(latest, "_HOLDS", 0.0)
    old = account_lines(named, 10.0)
    assert states(old, NOON + timedelta(minutes=2))[0] == "not known yet, looked at 2 min ago"
    assert old[0].seen[1] == first[0].seen[1], "an age alone is no change"


def test_each_account_links_to_its_page() -> None:
    lines = account_lines([(AccountName("a b&c", ""), LatestStatus("a status", lambda: FOUND, 1.0))], 10.0)
    page = environment(str).from_string('{% import "blocks.html" as blocks %}{{ blocks.block(block, "Accounts") }}')
    made = page.render(block=accounts_part(lines, NOON).blocks[0])
    assert '<a href="/?home=a+b%26c">a b&amp;c</a>' in made
