"""preflight says how the account begins, and stores nothing."""

from __future__ import annotations

from tests.fakes.orders import Requests
from tests.jobs.checks.checked import FAIL, PASS, checked, named
from tests.jobs.conftest import MakeHouse
from tradebot.core.model.orders import Purpose


def test_an_opening_that_is_due_is_shown_and_not_stored(make_house: MakeHouse) -> None:
    house = make_house()
    found = named(checked(house), "opening")
    assert found.result is PASS
    assert found.figure == "opening statement of 2007-01-04: cash 100,000.00; the next job that trades stores it"
    assert house.rows("SELECT * FROM openings") == []


def test_one_that_was_made_is_shown_as_it_was(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily()
    house.next()
    assert named(checked(house), "opening").figure == "opening statement of 2007-01-04: cash 100,000.00"


def test_an_account_with_orders_of_ours_fails_and_names_the_way_out(make_house: MakeHouse) -> None:
    house = make_house()
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").buy(1, limit="1", client_id=house.id(1, Purpose.ENTRY)))
    found = named(checked(house), "opening")
    assert found.result is FAIL
    assert "tradebot rebuild" in found.remedy
