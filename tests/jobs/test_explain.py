"""explain over a history small enough to be worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, TUESDAY, explained, traded_two_sessions
from tradebot.core.model.orders import Purpose


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def test_explain_tells_every_decision_with_its_numbers(traded: House) -> None:
    outcome = explained(traded, "COAL")
    assert outcome.headline == "COAL: 2 decisions from 2007-01-05 to 2007-01-08"
    denied, sent = outcome.decisions
    assert (denied.session, denied.outcome, denied.code) == (FRIDAY, "denied", "MAX_POSITIONS")
    assert (denied.value, denied.limit) == (Decimal(3), Decimal(2))
    assert (sent.session, sent.outcome, sent.value, sent.limit) == (MONDAY, "intent", Decimal(50), Decimal(100))
    assert sent.client_order_id == traded.id(2, Purpose.ENTRY, "COAL")
    assert "told to enter" in sent.message
    assert "sized by risk per trade" in sent.message
    assert sent.as_of == FRIDAY
    assert sent.fingerprint.startswith("1.0.0+")
    (held,) = outcome.holdings
    assert (held.symbol, held.quantity) == ("COAL", Decimal(50))


def test_explain_tells_why_a_position_was_left(traded: House) -> None:
    entered, left = explained(traded, "ACME").decisions
    assert (entered.purpose, left.purpose) == ("entry", "exit")
    assert "told to leave" in left.message
    assert explained(traded, "ACME").holdings == ()


def test_explain_keeps_to_the_span_it_was_asked_for(traded: House) -> None:
    assert [row.session for row in explained(traded, "COAL", first=MONDAY).decisions] == [MONDAY]
    assert [row.session for row in explained(traded, "COAL", last=FRIDAY).decisions] == [FRIDAY]
    nothing = explained(traded, "COAL", first=TUESDAY)
    assert nothing.decisions == ()
    assert nothing.headline == "COAL: nothing was decided about it in this span"
