"""A person trades beside the bot in one account, over HTTP: told once, and no job ends with 7."""

from __future__ import annotations

from datetime import date

import pytest

from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tests.stories.real_account.at_alpaca import at_alpaca
from tradebot.core.model.orders import Purpose
from tradebot.core.model.plan import DenialCode
from tradebot.errors import ExitCode

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A home that holds ACME and is about to enter BOLT."""
    return make_house(Script(enter={"ACME": [SECOND], "BOLT": [THIRD]}))


def test_an_order_and_shares_of_a_person_end_no_job_with_breaks_and_are_told_once(house: House) -> None:
    with at_alpaca(house) as account:
        account.daily()
        with house.by_hand() as broker:
            broker.submit(Requests("BOLT").buy(3, client_id="my shares"))
            broker.submit(Requests("BOLT").buy(7, limit="50", client_id="my order"))
        outcomes = [account.check_exits("10:15"), account.check_exits("10:30")]
        house.next()
        outcomes.append(account.daily())
        outcomes.append(account.check_exits("10:15"))
    assert [(outcome.exit_code, outcome.breaks) for outcome in outcomes] == [(ExitCode.OK, ())] * 4
    told = [any("foreign order: buy 7 BOLT limit 50 (my order)" in note for note in each.notes) for each in outcomes]
    assert told == [True, False, False, False]
    (row,) = house.rows("SELECT COUNT(*) AS alerts FROM alerts WHERE title = 'foreign in the account'")
    assert row["alerts"] == 2, "the order and the shares, once each"
    (locked,) = [denial for denial in outcomes[2].denials if denial.code is DenialCode.SYMBOL_LOCKED]
    assert (locked.symbol, "my order" in locked.message) == ("BOLT", True)


def test_a_persons_order_in_a_symbol_of_ours_leaves_our_stop_as_it_is(house: House) -> None:
    with at_alpaca(house) as account:
        account.daily()
        stops = house.stops()
        with house.by_hand() as broker:
            broker.submit(Requests("ACME").buy(1, limit="50", client_id="my order"))
        outcome = account.check_exits("10:15")
    assert (outcome.exit_code, house.stops()) == (ExitCode.OK, stops)
    (alert,) = house.rows("SELECT level, message FROM alerts WHERE title = 'foreign in the account'")
    assert (alert["level"], "which the bot holds" in alert["message"]) == ("warning", True)


def test_an_order_with_an_id_of_ours_that_this_ledger_did_not_decide_is_a_break(house: House) -> None:
    undecided = house.id(1, Purpose.ENTRY, "BOLT", attempt=7)
    with at_alpaca(house) as account:
        account.daily()
        with house.by_hand() as broker:
            broker.submit(Requests("BOLT").buy(1, limit="10", client_id=undecided))
        outcome = account.check_exits("10:15")
    assert outcome.exit_code is ExitCode.BREAKS
    (found,) = outcome.breaks
    assert (found.kind.value, found.symbol, undecided in found.message) == ("unknown_order", "BOLT", True)
