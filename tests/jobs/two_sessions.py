"""Two sessions, small enough to be worked out by hand, and what commands say of them."""

from __future__ import annotations

from datetime import date, timedelta

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.schedule import Job
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.jobs import explain

FRIDAY, MONDAY, TUESDAY = date(2007, 1, 5), date(2007, 1, 8), date(2007, 1, 9)
THREE = ("ACME", "BOLT", "COAL")


def traded_two_sessions(make_house: MakeHouse) -> House:
    """Two sessions, after the second of which it is 16:05.

    On Friday ACME and BOLT are bought, 50 shares each at 100; COAL is denied, being the third. On Monday ACME is left
    at 120 for a gain of 1,000 USD, BOLT falls through its stop at 90 for a loss of 500, and COAL is bought at 100.
    """
    house = make_house(
        Script(
            symbols=THREE,
            enter={"ACME": [FRIDAY], "BOLT": [FRIDAY], "COAL": [FRIDAY, MONDAY]},
            leave={"ACME": [MONDAY]},
        ),
        prices={
            "ACME": [FLAT, FLAT, "120 121 119 120", FLAT],
            "BOLT": [FLAT, FLAT, "95 96 85 86", FLAT],
            "COAL": [FLAT, FLAT, "100 104 99 103", FLAT],
        },
        first=FRIDAY - timedelta(days=1),
        settings={"MAX_POSITIONS": "2"},
    )
    for job in (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE):
        house.run(job)
    house.next()
    for job in (Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE):
        house.run(job)
    return house


def explained(house: House, symbol: str, day: date | None = None) -> ExplainOutcome:
    with house.ledger_alone() as desk:
        return explain.run(desk, symbol, day)
