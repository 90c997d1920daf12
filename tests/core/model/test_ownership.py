"""Ownership: which orders and fills are ours, by their ids, by the ledger, and by a broker's own map of ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.core.builders import ACCOUNT_KEY, D, fill, holding, lot, order, order_id, position, signal, situation, stop
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.order_ids import client_order_id, parse
from tradebot.core.model.orders import BrokerOrder, Purpose, Side
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.signals import Action
from tradebot.core.planning.entries import plan
from tradebot.core.safety.stop_state import StopGoal, StopState

OWNERSHIP = Ownership(ACCOUNT_KEY)
UUID = "0b6c6a1e-0000-4000-8000-000000000001"
OF_ANOTHER_ACCOUNT = client_order_id("paper:paper:PAPER-0002", date(2007, 1, 4), "trend", "AAPL", Purpose.STOP, 1)


def test_an_id_made_for_the_account_tells_its_decision() -> None:
    decision = OWNERSHIP.decision(None, "by-hand", order_id(purpose=Purpose.STOP))
    assert decision == parse(order_id(purpose=Purpose.STOP))


@pytest.mark.parametrize("foreign", ["", "by-hand", UUID, OF_ANOTHER_ACCOUNT, "tb1-0-0-0-0-0-0"])
def test_any_other_id_is_foreign(foreign: str) -> None:
    assert OWNERSHIP.decision(foreign) is None
    assert OWNERSHIP.is_foreign(order(client_order_id=foreign))
    assert OWNERSHIP.strategy_of(fill(client_order_id=foreign)) == FOREIGN


def test_a_leg_is_as_little_foreign_as_its_parent() -> None:
    assert not OWNERSHIP.is_foreign(stop())
    assert OWNERSHIP.strategy_of(fill(client_order_id="leg", parent_client_order_id=order_id())) == "trend"


@pytest.mark.parametrize(
    ("purpose", "in_ledger", "explained"),
    [
        (Purpose.ENTRY, True, True),
        (Purpose.ENTRY, False, False),  # an older copy of the ledger does not know it
        (Purpose.CLOSE, False, True),  # an emergency stop sends it without the ledger
        (Purpose.STOP, False, True),
    ],
)
def test_what_reduces_explains_itself_and_an_entry_is_explained_by_its_intent(
    purpose: Purpose, in_ledger: bool, explained: bool
) -> None:
    sent = order(client_order_id=order_id(purpose=purpose))
    assert OWNERSHIP.is_explained(sent, in_ledger=in_ledger) is explained


def test_an_order_by_hand_is_explained_by_nothing_but_the_ledger() -> None:
    assert not OWNERSHIP.is_explained(order(), in_ledger=False)
    assert OWNERSHIP.is_explained(stop(), in_ledger=True)


def test_without_the_ledger_a_leg_goes_by_its_parent_and_then_by_the_lots() -> None:
    leg = stop()
    entry = order(broker_order_id="entry-AAPL", client_order_id=order_id(), side=Side.BUY)
    by_hand = replace(entry, client_order_id="by-hand")
    ours, foreign = {"AAPL": (lot(),)}, {"AAPL": (lot(strategy=FOREIGN),)}
    assert OWNERSHIP.is_ours(leg, (entry, leg), {})
    assert not OWNERSHIP.is_ours(leg, (by_hand, leg), ours)
    assert OWNERSHIP.is_ours(leg, (leg,), ours)
    assert not OWNERSHIP.is_ours(leg, (leg,), foreign)


# --- a broker that names orders by ids of its own ------------------------------------------


@pytest.fixture
def mapped() -> Ownership:
    decision = parse(order_id(purpose=Purpose.STOP))
    assert decision is not None
    return Ownership(ACCOUNT_KEY, {UUID: decision})


@pytest.fixture(params=["client_order_id", "broker_order_id"])
def resting(request: pytest.FixtureRequest) -> BrokerOrder:
    """A stop of ours for AAPL that the broker shows under an id of its own, as either of its ids."""
    named: dict[str, str] = {"client_order_id": "", request.param: UUID}
    return replace(order(stop_price=D(49)), **named)  # type: ignore[arg-type]


def test_an_exit_sells_the_shares_that_a_mapped_stop_holds(mapped: Ownership, resting: BrokerOrder) -> None:
    leaving = situation(
        [signal(action=Action.EXIT)], holdings=(holding(),), positions=(position(),), open_orders=(resting,)
    )
    assert [denial.code for denial in plan(leaving).denials] == ["NOTHING_TO_SELL"]
    (planned,) = plan(replace(leaving, ownership=mapped)).exits
    assert planned.request.quantity == 100


def test_an_entry_names_the_strategy_of_a_mapped_order(mapped: Ownership, resting: BrokerOrder) -> None:
    entering = situation([signal(strategy="other")], open_orders=(resting,), ownership=mapped)
    messages = {str(denial.code): denial.message for denial in plan(entering).denials}
    assert "the stop of trend" in messages["SYMBOL_OWNED"]


def test_an_emergency_stop_knows_a_mapped_order(mapped: Ownership, resting: BrokerOrder) -> None:
    def orders_to_go(ownership: Ownership) -> int:
        positions, lots = {"AAPL": position()}, {"AAPL": (lot(),)}
        return len(StopState(ownership, StopGoal(close=True), (resting,), positions, lots).to_cancel())

    assert (orders_to_go(OWNERSHIP), orders_to_go(mapped)) == (0, 1)


def test_a_fill_of_a_mapped_order_is_the_strategys(mapped: Ownership) -> None:
    assert mapped.strategy_of(fill(client_order_id=UUID)) == "trend"
    assert mapped.strategy_of(fill(client_order_id="", broker_order_id=UUID)) == "trend"
