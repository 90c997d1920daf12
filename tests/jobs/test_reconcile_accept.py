"""reconcile --accept: the ledger is made to explain the broker's figure, and nothing is sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around
from tests.jobs.conftest import CopyHouse, MakeHouse, holding_acme
from tests.jobs.house import House, Script
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.account import Activity, Fill
from tradebot.core.model.breaks import BreakKind
from tradebot.core.model.halts import HaltRule
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, Purpose
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import Blocked, ExitCode, OutcomeUnknown, UsageError
from tradebot.home import paths
from tradebot.jobs import reconcile_accept
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)
D = Decimal


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


def at_the_broker(house: House, *statements: str) -> None:
    """Change the account behind everybody's back, as an event would that is never told."""
    with closing(sqlite3.connect(paths.exchange_file(house.home), isolation_level=None)) as exchange:
        for statement in statements:
            exchange.execute(statement)


def accept(house: House, symbol: str, wrap: Callable[[Broker], Broker] | None = None) -> Outcome:
    with house.desk(wrap=wrap) as desk:
        return reconcile_accept.run(desk, symbol, "the broker's statement says so")


def adjusted(house: House) -> list[str]:
    return [row["adjustment_id"] for row in house.rows("SELECT adjustment_id FROM adjustments")]


def found_by(house: House, wrap: Callable[[Broker], Broker] | None = None) -> list[BreakKind]:
    """The breaks that a comparison at ten o'clock finds, without those in the protection, which a job mends."""
    return kinds(house.reconcile(at="10:00", wrap=wrap))


def kinds(outcome: Outcome) -> list[BreakKind]:
    return [found.kind for found in outcome.breaks if found.kind is not BreakKind.UNPROTECTED]


def assert_clean(house: House) -> None:
    """Nothing is left to explain, once a job has made the stops fit."""
    house.check_exits()
    outcome = house.reconcile()
    assert outcome.breaks == ()
    assert ExitCode.BREAKS not in outcome.codes
    database = open_database(house.database, create=False)
    assert verify_ledger(database) == ()
    database.close()


def test_shares_that_are_gone_shrink_the_holding_without_a_round_trip(house: House) -> None:
    at_the_broker(house, "UPDATE positions SET quantity = '30'")
    assert found_by(house) == [BreakKind.QUANTITY]
    outcome = accept(house, "ACME")
    assert kinds(outcome) == []
    assert any("the broker's statement says so" in note for note in outcome.notes)
    holding = house.holding()
    assert holding is not None
    assert (holding.quantity, holding.stop_price) == (D(30), D(90))
    assert house.rows("SELECT * FROM trades") == []
    assert_clean(house)


def test_the_next_job_makes_the_stop_fit_what_was_accepted(house: House) -> None:
    at_the_broker(house, "UPDATE positions SET quantity = '30'")
    accept(house, "ACME")
    assert house.stops() == [(D(50), D(90))]
    house.check_exits()
    assert house.stops() == [(D(30), D(90))]


def test_a_position_that_is_gone_ends_the_holding(house: House) -> None:
    at_the_broker(house, "DELETE FROM positions")
    assert found_by(house) == [BreakKind.MISSING_THERE]
    accept(house, "ACME")
    assert house.holding() is None
    assert house.rows("SELECT * FROM lots") == []
    assert_clean(house)


def test_shares_that_were_not_known_are_foreign(house: House) -> None:
    at_the_broker(house, "INSERT INTO positions VALUES ('BOLT', '7', '88.5')")
    accept(house, "BOLT")
    assert house.holding("BOLT") is None
    (lot,) = house.rows("SELECT * FROM lots WHERE symbol = 'BOLT'")
    assert (lot["strategy"], lot["quantity"], lot["price"]) == (FOREIGN, "7", "88.5")
    assert_clean(house)


def test_a_position_that_was_turned_round_is_foreign(house: House) -> None:
    at_the_broker(house, "UPDATE positions SET quantity = '-5'")
    assert found_by(house) == [BreakKind.SIDE]
    accept(house, "ACME")
    assert house.holding() is None
    assert [(row["strategy"], row["quantity"]) for row in house.rows("SELECT * FROM lots")] == [(FOREIGN, "-5")]
    assert_clean(house)


def test_another_average_price_is_taken_over_and_moves_nothing_else(house: House) -> None:
    at_the_broker(house, "UPDATE positions SET average_price = '97.5'")
    told = house.reconcile(at="10:00")
    assert (kinds(told), told.exit_code) == ([BreakKind.PRICE], ExitCode.OK)
    before = house.holding()
    accept(house, "ACME")
    assert house.holding() == before
    assert_clean(house)


@pytest.mark.parametrize("there", ["94000.5", "95100"])
def test_cash_is_moved_to_the_brokers_figure(house: House, there: str) -> None:
    at_the_broker(house, f"UPDATE exchange SET cash = '{there}'")
    assert found_by(house) == [BreakKind.CASH]
    accept(house, "USD")
    with house.desk() as desk:
        assert desk.ledger.books.cash() == D(there)
    assert_clean(house)


@pytest.mark.parametrize("there", ["83000", "110000"])
def test_money_that_no_activity_tells_of_moves_the_peak_when_it_is_accepted(house: House, there: str) -> None:
    """A withdrawal of 12 % would be a drawdown else, and so would a deposit whose activity comes after all."""
    with house.desk() as desk:
        before, cash = desk.ledger.books.peak(), desk.ledger.books.cash()
    assert before is not None
    assert cash is not None
    at_the_broker(house, f"UPDATE exchange SET cash = '{there}'")
    found_by(house)
    accept(house, "USD")
    with house.desk() as desk:
        assert desk.ledger.books.peak() == before + D(there) - cash
    house.next()
    assert HaltRule.DRAWDOWN not in [halt.rule for halt in house.daily().halts]


def test_the_price_of_shares_that_were_accepted_moves_no_peak(house: House) -> None:
    with house.desk() as desk:
        before = desk.ledger.books.peak()
    at_the_broker(house, "UPDATE positions SET quantity = '30'", "UPDATE exchange SET cash = '97000'")
    found_by(house)
    accept(house, "ACME")
    accept(house, "USD")
    with house.desk() as desk:
        assert desk.ledger.books.peak() == before


def test_one_break_is_accepted_at_a_time(house: House) -> None:
    at_the_broker(house, "UPDATE positions SET quantity = '30'", "UPDATE exchange SET cash = '97000'")
    outcome = accept(house, "ACME")
    assert (outcome.exit_code, kinds(outcome)) == (ExitCode.BREAKS, [BreakKind.CASH])
    assert kinds(accept(house, "USD")) == []
    rows = house.rows("SELECT adjustment_id, symbol, quantity, amount, reason FROM adjustments ORDER BY seq")[1:]
    assert [tuple(row.values())[:4] for row in rows] == [
        ("ADJ-000002", "ACME", "-20", "0"),
        ("ADJ-000003", "USD", "0", "2000"),
    ]
    assert {row["reason"] for row in rows} == {"the broker's statement says so"}
    assert_clean(house)


def test_the_reason_is_in_the_audit_trail(house: House) -> None:
    at_the_broker(house, "DELETE FROM positions")
    accept(house, "ACME")
    _, row = house.rows("SELECT detail FROM audit WHERE kind = 'adjustment_booked' ORDER BY seq")
    assert "the broker's statement says so" in row["detail"]


def test_nothing_is_sent(house: House) -> None:
    at_the_broker(house, "UPDATE positions SET quantity = '30'")
    calls: list[Around] = []

    def watched(broker: Broker) -> Broker:
        calls.append(Around(broker))
        return calls[-1]

    accept(house, "ACME", watched)
    assert not {"submit", "cancel", "replace"} & set(calls[0].calls)


# --- what is not accepted ----------------------------------------------------------------


@pytest.mark.parametrize("symbol", ["ACME", "NONE", "USD"])
def test_a_symbol_without_a_break_is_refused(house: House, symbol: str) -> None:
    at_the_broker(house, "INSERT INTO positions VALUES ('BOLT', '7', '88.5')")
    with pytest.raises(UsageError, match=f"{symbol} has no break.*BOLT"):
        accept(house, symbol)
    assert adjusted(house) == ["OPENING-CASH"]


def test_an_order_that_this_ledger_did_not_decide_can_only_be_ended_at_the_broker(house: House) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(5, limit="50", client_id=house.id(1, Purpose.ENTRY, "BOLT")))
    with pytest.raises(UsageError, match="cancel it at the broker"):
        accept(house, "BOLT")


def test_a_missing_stop_is_mended_not_accepted(house: House) -> None:
    with house.by_hand() as broker:
        for order in broker.open_orders():
            broker.cancel(order.broker_order_id)
    with pytest.raises(UsageError, match="check-exits"):
        accept(house, "ACME")


class Vague(Around):
    """Takes orders, loses the answer, and says of each that its state is unknown."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        super().submit(request)
        raise OutcomeUnknown("the line went dead")

    def order(self, client_order_id: str) -> BrokerOrder | None:
        order = super().order(client_order_id)
        return order and replace(order, state=OrderState.UNKNOWN)

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        return tuple(replace(order, state=OrderState.UNKNOWN) for order in super().open_orders())


def test_figures_that_may_yet_change_are_not_accepted(make_house: MakeHouse) -> None:
    """While nobody knows what became of an order, its symbol waits."""
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily(wrap=Vague)
    at_the_broker(house, "UPDATE positions SET quantity = '30'")
    assert {BreakKind.QUANTITY, BreakKind.UNKNOWN_OUTCOME} <= set(found_by(house, Vague))
    with pytest.raises(UsageError, match="outcome nobody saw"):
        accept(house, "ACME", Vague)


class TellsLater(Around):
    """Has traded, and does not tell yet."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(done for done in super().activities(after) if not isinstance(done, Fill))


def test_a_fill_that_is_told_after_its_shares_were_accepted_is_a_break_again(house: House) -> None:
    with house.by_hand() as broker:
        sell_by_hand(broker)
    for symbol in ("ACME", "USD"):
        accept(house, symbol, TellsLater)
    assert found_by(house) == [BreakKind.QUANTITY, BreakKind.CASH]
    for symbol in ("ACME", "USD"):
        accept(house, symbol)
    assert_clean(house)


def sell_by_hand(broker: PaperBroker) -> None:
    for order in broker.open_orders():
        broker.cancel(order.broker_order_id)
    broker.submit(Requests("ACME").sell(20, client_id="mine"))


class Unlocked:
    def assert_held(self) -> None:
        raise Blocked("no lock")


def test_it_needs_the_lock(house: House) -> None:
    at_the_broker(house, "DELETE FROM positions")
    with house.desk() as desk, pytest.raises(Blocked):
        reconcile_accept.run(replace(desk, lock=Unlocked()), "ACME", "because")
    assert adjusted(house) == ["OPENING-CASH"]
