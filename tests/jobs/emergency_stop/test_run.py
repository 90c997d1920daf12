"""emergency-stop: latched first, then cancelled and closed, then said truthfully what is left."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.lacking import lacking
from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, Crash, Dies, Unreachable
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.emergency_stop.two_positions import TWO, buy_by_hand, holding_two, told
from tests.jobs.house import FLAT, House, Script
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.errors import BrokerUnavailable, ExitCode, OrderRefused
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_two)


def queue_entry(house: House, symbol: str = "ACME") -> str:
    """An entry of ours that has not filled yet: queued before the open, as after a late run."""
    entry = house.id(1, Purpose.ENTRY, symbol)
    with house.by_hand() as broker:
        broker.submit(Requests(symbol).buy(50, client_id=entry, stop_loss="90"))
    return entry


def test_it_keeps_what_protects_and_latches(house: House) -> None:
    outcome = house.emergency_stop()
    assert outcome.exit_code is ExitCode.OK
    assert told(outcome) == [
        ("order", "ACME", "kept: it can only reduce"),
        ("order", "BOLT", "kept: it can only reduce"),
        ("position", "ACME", "left open with its stop"),
        ("position", "BOLT", "left open with its stop"),
    ]
    assert (outcome.still_open_orders, outcome.still_open_positions) == (0, 2)
    assert house.stops() == [(Decimal(50), Decimal(90))]
    (halt,) = LatchFile(paths.latch_file(house.home)).read()
    assert halt.reason == "a drill"

    later = house.check_exits()
    assert later.exit_code is ExitCode.HALTED
    assert later.breaks == ()


def test_it_cancels_an_entry_that_has_not_filled(make_house: MakeHouse) -> None:
    house = make_house(TWO)
    entry = queue_entry(house)
    outcome = house.emergency_stop()
    assert outcome.exit_code is ExitCode.OK
    assert told(outcome) == [("order", "ACME", "cancelled")]
    order = house.order(entry)
    assert order is not None
    assert order.state is OrderState.CANCELLED
    assert house.open_orders() == ()


def test_it_arms_a_missing_stop_again(house: House) -> None:
    with house.by_hand() as broker:
        broker.cancel(next(o.broker_order_id for o in broker.open_orders() if o.symbol == "ACME"))
    outcome = house.emergency_stop()
    assert outcome.exit_code is ExitCode.OK
    assert ("position", "ACME", "left open with its stop") in told(outcome)
    (placed,) = (line for line in outcome.lines if line.result == "stop placed")
    assert (placed.symbol, placed.quantity, placed.detail) == ("ACME", Decimal(50), "at 90")
    assert house.stops() == [(Decimal(50), Decimal(90))]

    later = house.check_exits()  # which takes the stop that it never saw being sent for what it is
    assert later.breaks == ()
    assert later.unprotected == Decimal(0)


def test_what_a_job_bought_before_it_died_gets_the_stop_that_was_planned(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}), prices={"ACME": [FLAT] * 6})
    house.every = lacking
    with pytest.raises(Crash):
        house.daily(wrap=lambda broker: Dies(broker, "submit", after=True))
    assert (house.stops(), house.positions()["ACME"].quantity) == ([], Decimal(45))
    outcome = house.emergency_stop()
    assert outcome.exit_code is ExitCode.OK, outcome
    assert house.stops() == [(Decimal(45), Decimal(90))]


def test_jobs_of_the_same_session_send_stops_beside_the_one_it_armed(house: House) -> None:
    """The stop it arms is in no ledger: no job may give the same id to another order."""

    def delete_stop() -> None:
        with house.by_hand() as broker:
            broker.cancel(next(o.broker_order_id for o in broker.open_orders() if o.symbol == "ACME"))

    delete_stop()
    house.emergency_stop()
    delete_stop()
    outcome = house.check_exits()
    assert house.stops() == [(Decimal(50), Decimal(90))]
    assert outcome.unprotected == Decimal(0)
    assert outcome.codes == {ExitCode.HALTED}


def test_it_needs_no_ledger_to_keep_the_stops(house: House) -> None:
    house.database.write_text("this is no database")
    outcome = house.emergency_stop()
    assert outcome.exit_code is ExitCode.OK
    assert [failure.what for failure in outcome.failures] == ["ledger"]
    assert ("position", "ACME", "left open with its stop") in told(outcome)
    assert house.stops() == [(Decimal(50), Decimal(90))]


def test_it_closes_what_is_ours_and_says_so(house: House) -> None:
    outcome = house.emergency_stop(close=True)
    assert outcome.exit_code is ExitCode.OK
    assert told(outcome) == [
        ("order", "ACME", "cancelled"),
        ("order", "BOLT", "cancelled"),
        ("position", "ACME", "closed"),
        ("position", "BOLT", "closed"),
    ]
    closed = [(line.quantity, line.dollars) for line in outcome.lines if line.what == "position"]
    assert closed == [(Decimal(50), Decimal(5000))] * 2
    assert (outcome.still_open_orders, outcome.still_open_positions) == (0, 0)
    assert house.positions() == {}
    assert house.open_orders("ACME") + house.open_orders("BOLT") == ()


def test_the_next_job_books_the_closing_to_the_strategy_and_finds_nothing_wrong(house: House) -> None:
    house.emergency_stop(close=True)
    outcome = house.reconcile()
    assert outcome.breaks == ()
    assert outcome.codes == {ExitCode.HALTED}
    trades = house.rows("SELECT symbol, strategy, quantity, exit_reason FROM trades ORDER BY symbol")
    assert trades == [
        {"symbol": symbol, "strategy": "scripted", "quantity": "50", "exit_reason": "emergency stop"}
        for symbol in ("ACME", "BOLT")
    ]
    assert house.rows("SELECT 1 FROM holdings") == []
    assert house.rows("SELECT DISTINCT strategy FROM fills") == [{"strategy": "scripted"}]


def test_twice_in_a_row_is_as_good_as_once(house: House) -> None:
    house.emergency_stop(close=True)
    outcome = house.emergency_stop(close=True)
    assert outcome.exit_code is ExitCode.OK
    assert outcome.lines == ()
    assert house.positions() == {}
    with house.by_hand() as broker:
        assert len(broker.activities(None)) == 5  # the deposit, two purchases, two sales


def test_it_needs_no_ledger_to_close(house: House) -> None:
    kept = house.database.read_bytes()
    house.database.write_text("this is no database")
    outcome = house.emergency_stop(close=True)
    assert outcome.exit_code is ExitCode.OK
    assert house.positions() == {}
    assert ("position", "ACME", "closed") in told(outcome)

    house.database.write_bytes(kept)
    after = house.reconcile()
    assert after.breaks == ()
    trades = house.rows("SELECT strategy, exit_reason FROM trades")
    assert trades == [{"strategy": "scripted", "exit_reason": "emergency stop"}] * 2


def test_without_its_ledger_it_still_knows_what_a_person_bought(house: House) -> None:
    """The bot has traded BOLT and left it; since then the BOLT there is was bought by hand."""
    house.told(Script(enter=TWO.enter, leave={"BOLT": [THIRD]}))
    house.next()
    house.daily()
    buy_by_hand(house, "BOLT", 7)
    house.database.unlink()
    outcome = house.emergency_stop(close=True)
    assert {symbol: position.quantity for symbol, position in house.positions().items()} == {"BOLT": 7}
    assert ("position", "BOLT", "foreign, left open") in told(outcome)
    assert ("position", "ACME", "closed") in told(outcome)


def test_of_a_shared_position_only_our_shares_are_closed(house: House) -> None:
    buy_by_hand(house, "ACME", 7)
    outcome = house.emergency_stop(close=True)
    assert {symbol: position.quantity for symbol, position in house.positions().items()} == {"ACME": 7}
    assert outcome.exit_code is ExitCode.OK
    lines = [(line.result, line.quantity) for line in outcome.lines if (line.what, line.symbol) == ("position", "ACME")]
    assert sorted(lines) == [("closed", Decimal(50)), ("foreign, left open", Decimal(7))]
    assert house.reconcile().breaks == ()


def test_an_entry_that_fills_while_it_is_cancelled_is_closed_too(make_house: MakeHouse) -> None:
    house = make_house(TWO)
    entry = queue_entry(house)

    class FillsFirst(Around):
        def cancel(self, broker_order_id: str) -> None:
            house.passes("09:35")
            super().cancel(broker_order_id)

    outcome = house.emergency_stop(close=True, wrap=FillsFirst)
    filled = house.order(entry)
    assert filled is not None
    assert filled.state is OrderState.FILLED
    assert house.positions() == {}
    assert house.open_orders() == ()
    assert ("position", "ACME", "closed") in told(outcome)
    assert outcome.exit_code is ExitCode.OK


def test_a_stop_that_fills_while_it_is_cancelled_leaves_nothing_to_close(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}), prices={"ACME": [FLAT, "100 101 85 86"]})
    house.daily()

    class FillsFirst(Around):
        def cancel(self, broker_order_id: str) -> None:
            house.passes("10:00")
            super().cancel(broker_order_id)

    outcome = house.emergency_stop(close=True, wrap=FillsFirst)
    assert house.positions() == {}
    assert outcome.exit_code is ExitCode.OK
    after = house.reconcile()
    assert after.breaks == ()
    (trade,) = house.rows("SELECT exit_price, exit_reason FROM trades")
    assert trade == {"exit_price": "90", "exit_reason": "stop"}


def refuses_cancel_of(house: House, symbol: str, error: Exception) -> type[Around]:
    resting = {order.broker_order_id for order in house.open_orders(symbol)}

    class Refuses(Around):
        def cancel(self, broker_order_id: str) -> None:
            if broker_order_id in resting:
                raise error
            super().cancel(broker_order_id)

    return Refuses


@pytest.mark.parametrize(
    "error", [BrokerUnavailable("no route to host"), OrderRefused("busy", "no route to host")], ids=["lost", "refused"]
)
def test_one_cancel_that_fails_stops_none_of_the_others(house: House, error: Exception) -> None:
    outcome = house.emergency_stop(close=True, wrap=refuses_cancel_of(house, "ACME", error))
    assert set(house.positions()) == {"ACME"}
    assert house.stops() == [(Decimal(50), Decimal(90))]
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert told(outcome) == [
        ("order", "ACME", "still open"),
        ("order", "BOLT", "cancelled"),
        ("position", "ACME", "still open"),
        ("position", "BOLT", "closed"),
    ]
    (order, position) = (line for line in outcome.lines if line.symbol == "ACME")
    assert "no route to host" in order.detail
    assert "not sold, because an order that could not be cancelled may still sell it" in position.detail
    assert (outcome.still_open_orders, outcome.still_open_positions) == (1, 1)


@pytest.mark.parametrize("dead", ["positions", "activities", "open_orders"])
def test_with_a_broker_half_dead_it_does_what_it_can_and_claims_no_more(make_house: MakeHouse, dead: str) -> None:
    house = make_house(TWO)
    entry = queue_entry(house)
    outcome = house.emergency_stop(close=True, wrap=lambda broker: Unreachable(broker, dead))
    order = house.order(entry)
    assert order is not None
    assert order.state is (OrderState.ACCEPTED if dead == "open_orders" else OrderState.CANCELLED)
    assert ExitCode.BROKER in outcome.codes
    if dead in ("positions", "open_orders"):
        assert outcome.exit_code is ExitCode.INCOMPLETE
        assert outcome.still_open_orders == (None if dead == "open_orders" else 0)
        assert (outcome.still_open_positions, outcome.open_dollars) == (None, None), "not read is not flat"
    assert any("no route to host" in failure.message for failure in outcome.failures)


def test_without_the_brokers_activities_the_ledger_tells_what_is_ours(house: House) -> None:
    outcome = house.emergency_stop(close=True, wrap=lambda broker: Unreachable(broker, "activities"))
    assert house.positions() == {}
    assert ("position", "ACME", "closed") in told(outcome)


def test_a_broker_whose_account_cannot_be_read_is_told_after_the_latch_is_set(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tradebot.brokers.paper.PaperBroker", lambda exchange: Unreachable(PaperBroker(exchange), "account")
    )
    with pytest.raises(BrokerUnavailable, match="the halt is latched"):
        house.emergency_stop()
    assert paths.latch_file(house.home).exists()


def test_without_the_brokers_clock_it_does_its_work(house: House) -> None:
    assert house.emergency_stop(close=True, wrap=lambda broker: Unreachable(broker, "clock")).exit_code is ExitCode.OK
    assert house.positions() == {}
    assert house.check_exits().exit_code is ExitCode.HALTED
