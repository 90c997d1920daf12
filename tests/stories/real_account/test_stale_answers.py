"""A stale answer of the broker, or a list that comes back empty, once: no break, no halt, and nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from tests.fakes.alpaca import Kind
from tests.fakes.alpaca.client import broker_of
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.long_form import long
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.model.halts import HaltEnd, HaltRule
from tradebot.core.model.schedule import Job
from tradebot.errors import ExitCode
from tradebot.jobs import resume

SECOND = date(2007, 1, 4)
SYMBOLS = ("ACME", "BOLT", "CORD")


@pytest.fixture
def account(make_house: MakeHouse) -> Iterator[AtAlpaca]:
    """A home that bought three symbols while the server told what there was before and after."""
    house = make_house(
        Script(enter={symbol: [SECOND] for symbol in SYMBOLS}),
        prices=dict.fromkeys(SYMBOLS, [FLAT] * 5),
        settings={"BREAK_HALT_VALUE": "1000"},
    )
    with at_alpaca(house) as served:
        assert served.daily().exit_code is ExitCode.OK
        yield served


def resting(house: House) -> list[list[tuple[object, object]]]:
    return [list(house.stops(symbol)) for symbol in SYMBOLS]


@pytest.mark.parametrize("job", [Job.RECONCILE, long(Job.CHECK_EXITS)])
@pytest.mark.parametrize(
    ("kind", "path", "times"),
    [
        (Kind.EMPTY, "/v2/positions", 1),
        (Kind.EMPTY, "/v2/positions", 2),  # the look that is taken again at once shows the same
        (Kind.EMPTY, "/v2/orders", 1),  # shares that seem bare in two reads are told as bare at once
        (Kind.EMPTY, "/v2/account/activities", 1),
        (Kind.EMPTY, "/v2/account/activities", 2),
        (Kind.STALE, "/v2/positions", 1),
        (Kind.STALE, "/v2/positions", 2),
        (Kind.STALE, "/v2/orders", 1),
        (Kind.STALE, "/v2/account", 1),
        (Kind.STALE, "/v2/account", 2),
    ],
)
def test_one_answer_or_two_that_are_not_the_truth_end_in_nothing(
    account: AtAlpaca, kind: Kind, path: str, times: int, job: Job
) -> None:
    before, sent = resting(account.house), sum(arrival.writes for arrival in account.fake.requests)
    account.fake.strike(kind, method="GET", path=path, times=times)
    outcome = account.run(job, "10:00")
    assert (outcome.breaks, outcome.halts, outcome.exit_code) == ((), (), ExitCode.OK)
    assert account.house.rows("SELECT 1 FROM breaks WHERE confirmed = 1 AND kind <> 'unprotected'") == []
    assert account.house.rows("SELECT title FROM alerts") == []
    if times == 1:
        assert resting(account.house) == before
        assert sum(arrival.writes for arrival in account.fake.requests) == sent
    account.fake.calm()
    assert account.run(Job.RECONCILE, "10:15").exit_code is ExitCode.OK
    assert account.house.rows("SELECT 1 FROM breaks WHERE closed_at IS NULL") == []


def test_answers_that_stay_empty_are_a_break_and_halt_until_a_person_has_looked(account: AtAlpaca) -> None:
    """The shares come back, and nothing ever said where they were."""
    account.fake.strike(Kind.EMPTY, path="/v2/positions", times=100)
    outcome = account.run(Job.RECONCILE, "10:00")
    assert [halt.rule for halt in outcome.halts] == [HaltRule.BREAKS]
    assert ExitCode.BREAKS in outcome.codes
    assert account.house.holding() is not None, "an empty list ends no holding"
    account.fake.calm()
    for at in ("10:15", "10:30", "10:45"):
        (halt,) = account.run(Job.RECONCILE, at).halts
    assert halt.ends_by is HaltEnd.RESUME
    with account.house.desk() as desk:
        resumed = resume.run(replace(desk, broker=broker_of(account.fake)), "the list is complete again")
    assert resumed.exit_code is ExitCode.OK
    assert account.run(Job.RECONCILE, "11:00").exit_code is ExitCode.OK
