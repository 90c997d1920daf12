"""positions: as the broker shows them, and as they were known last."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.results.listings import Listing, Selection
from tradebot.core.results.position_lines import PositionLine
from tradebot.jobs import positions


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def shown(house: House, chosen: Selection = Selection()) -> Listing[PositionLine]:  # noqa: B008 - frozen
    with house.desk() as desk:
        return positions.run(desk, chosen)


def recalled(house: House, chosen: Selection = Selection()) -> Listing[PositionLine]:  # noqa: B008 - frozen
    with house.ledger_alone() as desk:
        return positions.recall(desk, chosen)


def test_a_position_is_shown_with_its_stop_and_what_is_lost_there(traded: House) -> None:
    found = shown(traded)
    (line,) = found.rows
    assert (line.symbol, line.quantity, line.last, line.stop) == ("COAL", Decimal(50), Decimal(103), Decimal(90))
    assert (line.protected, line.to_stop, line.bare) == (True, Decimal(50 * 13), Decimal(0))
    assert (line.opened, line.strategy) == (MONDAY, "scripted")
    assert (found.known_at, found.more, found.notes) == (None, False, ())


def test_what_was_known_last_says_of_when_it_is_and_what_is_lost_at_the_stop_of_the_holding(traded: House) -> None:
    found = recalled(traded)
    (line,) = found.rows
    assert (line.symbol, line.quantity, line.last, line.stop) == ("COAL", Decimal(50), Decimal(103), Decimal(90))
    assert (line.protected, line.to_stop, line.bare) == (None, Decimal(50 * 13), Decimal(0))
    assert found.known_at is not None
    assert new_york_text(found.known_at) == "2007-01-08 16:05 EST", "when reconcile looked"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (Selection(symbol="ACME"), "nothing matches: no position of ACME. Held: COAL"),
        (Selection(strategy="other"), "nothing matches: no position by other. Held: COAL"),
        (Selection(last=FRIDAY), "nothing matches: no position until 2007-01-05. Held: COAL"),
    ],
)
def test_a_listing_of_nothing_says_what_is_held(chosen: Selection, said: str, traded: House) -> None:
    for found in (shown(traded, chosen), recalled(traded, chosen)):
        assert (found.rows, found.notes) == ((), (said,))


def test_an_account_that_holds_nothing_says_so_and_one_that_no_job_has_seen_is_not_called_empty(
    make_house: MakeHouse,
) -> None:
    house = make_house()
    assert shown(house).notes == ("no position is held",)
    assert recalled(house).notes == ("no job has looked at the account yet, so nothing is known of it",)
    house.daily()
    assert recalled(house).notes == ("no position is held",)
