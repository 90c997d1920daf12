"""incident over two sessions in which nothing but some jobs was missing, and after an emergency stop."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.core.results.incident import IncidentOutcome, IncidentSeverity
from tradebot.errors import UsageError
from tradebot.jobs import incident
from tradebot.jobs.steps.equity_bridge import bridge_ends, equity_bridge


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def looked(house: House, since: datetime | None = None) -> IncidentOutcome:
    with house.ledger_alone() as desk:
        return incident.run(desk, since, None)


def test_it_tells_of_the_newest_session_unless_it_is_asked_for_more(traded: House) -> None:
    newest, both = looked(traded), looked(traded, new_york_instant(FRIDAY, time(7)))
    assert newest.since == new_york_instant(MONDAY, time(7, 30)), "two hours before the open"
    assert newest.impact is not None and both.impact is not None
    assert (newest.impact.fills, both.impact.fills) == (3, 5)
    assert {span.severity for span in both.troubles} == {IncidentSeverity.SEV3}
    assert all("missed" in span.what for span in both.troubles), "no preflight and no report ran"


def test_it_measures_from_close_to_close_as_the_report_of_the_session_does(traded: House) -> None:
    """The job at 16:05 sees the closing prices; that of the morning, 09:35, sees others."""
    with traded.ledger_alone() as desk:
        bridge = equity_bridge(desk.ledger, bridge_ends(desk.ledger, desk.calendar, MONDAY, MONDAY))
    impact = looked(traded).impact
    assert impact is not None and bridge is not None
    assert (impact.equity_before, impact.equity_after) == (bridge.opening_equity, bridge.closing_equity)
    assert (impact.equity_before_at, impact.equity_before_is_close) == (new_york_instant(FRIDAY, time(16)), True)
    assert (impact.equity_after_at, impact.equity_after_is_close) == (new_york_instant(MONDAY, time(16)), True)
    assert impact.change == bridge.change


def test_an_equity_within_a_session_is_that_of_its_look(traded: House) -> None:
    with traded.ledger_alone() as desk:
        noon = new_york_instant(MONDAY, time(12))
        impact = incident.run(desk, new_york_instant(FRIDAY, time(7)), noon).impact
        look = desk.ledger.history.equity_at(noon)
    assert impact is not None and look is not None
    assert (impact.equity_after, impact.equity_after_at) == (look.equity, look.at)
    assert look.at < noon
    assert (impact.equity_before, impact.equity_before_is_close) == (Decimal(100000), False), "the account begins in it"
    assert not impact.equity_after_is_close


def test_a_time_that_has_not_come_is_refused_and_the_end_is_now_at_the_latest(traded: House) -> None:
    told = r"--since 2030-01-01 00:00 EST is after the newest time known here, 2007-01-08 16:05 EST\."
    with pytest.raises(UsageError, match=told):
        looked(traded, new_york_instant(date(2030, 1, 1), time()))
    with traded.ledger_alone() as desk:
        found = incident.run(desk, None, new_york_instant(date(2030, 1, 1), time()))
        assert (found.since, found.until) == (new_york_instant(MONDAY, time(7, 30)), desk.now)


def test_an_emergency_stop_is_one_until_it_is_resumed(traded: House) -> None:
    traded.emergency_stop()
    traded.check_exits()
    assert (looked(traded).severity, looked(traded).is_over) == (IncidentSeverity.SEV2, False)
    traded.resume()
    assert looked(traded).is_over
