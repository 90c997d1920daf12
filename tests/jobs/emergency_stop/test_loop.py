"""The loop of an emergency stop: what did not take is sent again, nothing is sold twice, and it ends in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, Unreachable, Watched
from tests.jobs.conftest import CopyHouse, holding_acme
from tests.jobs.emergency_stop.stopping import jobs_own, sales
from tests.jobs.house import House
from tradebot.core.model.account import Activity, Position, Quote
from tradebot.core.model.orders import BrokerOrder, OrderRequest, Purpose
from tradebot.core.results.stop_outcome import StopResult
from tradebot.errors import Blocked, BrokerUnavailable, ExitCode, TradebotError
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.ports import Broker


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


def test_a_cancel_that_fails_now_and_then_is_asked_for_again(house: House) -> None:
    class Busy(Around):
        refusals = 3

        def cancel(self, broker_order_id: str) -> None:
            if self.refusals:
                self.refusals -= 1
                raise BrokerUnavailable("500")
            super().cancel(broker_order_id)

    assert house.emergency_stop(close=True, wrap=Busy).exit_code is ExitCode.OK
    assert sales(house) == [("ACME", Decimal(50))]


def test_a_position_that_is_shown_late_to_be_gone_is_not_sold_again(house: House) -> None:
    """The broker shows the position for one more look after the closing order has filled, and no lots are known."""

    class ShowsOld(Around):
        stale = 0

        def submit(self, request: OrderRequest) -> BrokerOrder:
            self.before_sale = super().positions()
            self.activities_before = super().activities(None)
            self.stale = 2
            return super().submit(request)

        def positions(self) -> tuple[Position, ...]:
            if self.stale:
                self.stale -= 1
                return self.before_sale
            return super().positions()

        def activities(self, after: str | None) -> tuple[Activity, ...]:
            return self.activities_before[-1:] if self.stale else super().activities(after)

    class Counts(ShowsOld):
        submitted = 0

        def submit(self, request: OrderRequest) -> BrokerOrder:
            type(self).submitted += 1
            return super().submit(request)

    assert house.emergency_stop(close=True, wrap=Counts).exit_code is ExitCode.OK
    assert (Counts.submitted, sales(house)) == (1, [("ACME", Decimal(50))])


def test_a_closing_order_for_more_than_there_is_gives_way_to_one_that_fits(house: House) -> None:
    house.next()  # 04:00: the closing order is queued
    assert house.emergency_stop(close=True).exit_code is ExitCode.INCOMPLETE
    (queued,) = house.open_orders()
    with house.by_hand() as broker:
        broker.cancel(queued.broker_order_id)
        broker.submit(Requests("ACME").sell(50, client_id=house.id(2, Purpose.CLOSE, attempt=2001)))
    with house.exchange() as exchange:
        exchange._store._sql.execute("UPDATE orders SET quantity = '70' WHERE live = 1")  # as if 20 had been sold since
    assert house.emergency_stop(close=True).exit_code is ExitCode.INCOMPLETE
    assert [order.remaining for order in house.open_orders()] == [Decimal(50)]


def test_it_ends_in_time_with_a_broker_that_never_answers(house: House) -> None:
    looks: list[str] = []

    def silent(broker: Broker, call: str, asked: object) -> None:
        looks.append(call)
        if call == "open_orders":
            raise BrokerUnavailable("timed out")

    outcome = house.emergency_stop(wrap=lambda broker: Watched(broker, silent))
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert ExitCode.BROKER in outcome.codes
    assert 30 < len(looks) < 60, "every ten seconds of five minutes"


@dataclass
class Another:
    """A job that is at work for so many looks."""

    looks: int
    waited: list[float] = field(default_factory=list)

    def at_work(self) -> str:
        self.looks -= 1
        return "pid 7, `tradebot run-daily`" if self.looks >= 0 else ""

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)


def test_it_ends_only_after_a_job_at_work_has(house: House) -> None:
    other = Another(looks=5)
    said: list[str] = []
    outcome = house.emergency_stop(close=True, change=lambda desk: replace(desk, others=other, say=said.append))
    assert outcome.exit_code is ExitCode.OK
    assert len(other.waited) >= 2
    assert other.at_work() == ""
    (line,) = [line for line in said if line.startswith("Waiting")]
    assert "pid 7, `tradebot run-daily`" in line
    assert any(line.startswith("ACME: close sent, ") for line in said), "what it does is told as it comes"
    assert said[-1] == "The broker has shown 2 of 2 times that all is done."


def test_what_a_job_at_work_still_sends_is_cancelled_too(house: House) -> None:
    """It had looked at the latch just before it was set."""

    class Sends(Another):
        def wait(self, seconds: float) -> None:
            if not self.waited:
                with house.by_hand() as broker:
                    entry = house.id(1, Purpose.ENTRY, "BOLT")
                    broker.submit(Requests("BOLT").buy(5, client_id=entry, stop_loss="90"))
            super().wait(seconds)

    outcome = house.emergency_stop(close=True, change=lambda desk: replace(desk, others=Sends(looks=3)))
    assert outcome.exit_code is ExitCode.OK
    assert (house.positions(), house.open_orders("BOLT")) == ({}, ())


def test_a_job_that_does_not_end_is_named_when_the_time_is_up(house: House) -> None:
    other = Another(looks=10_000)
    outcome = house.emergency_stop(close=True, change=lambda desk: replace(desk, others=other, timeout=2.0))
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert house.positions() == {}
    (failure,) = outcome.failures
    assert failure.message.startswith("pid 7, `tradebot run-daily` has not stopped")
    assert sum(other.waited) == pytest.approx(2.0)


@pytest.mark.parametrize("trouble", [BrokerUnavailable("no prices"), Blocked("the source of prices wants other keys")])
def test_without_prices_a_missing_stop_is_armed_all_the_same(house: House, trouble: TradebotError) -> None:
    with house.by_hand() as broker:
        broker.cancel(house.open_orders()[0].broker_order_id)
    assert house.stops() == []

    class NoPrices:
        def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
            raise trouble

    outcome = house.emergency_stop(change=lambda desk: replace(desk, market=NoPrices()))  # type: ignore[arg-type]  # quotes are all that a stop asks for
    assert outcome.exit_code is ExitCode.OK
    assert house.stops() == [(Decimal(50), Decimal(90))]


def test_what_people_have_goes_only_when_it_is_said(house: House) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").buy(7, client_id="mine"))
        broker.submit(Requests("BOLT").buy(9, client_id="mine too"))
        broker.submit(Requests("BOLT").sell(9, stop="80", client_id="my stop"))
    assert house.emergency_stop(close=True).exit_code is ExitCode.OK
    assert {s: p.quantity for s, p in house.positions().items()} == {"ACME": Decimal(7), "BOLT": Decimal(9)}
    with house.desk() as desk:
        outcome = emergency_stop.run(jobs_own(desk), close_positions=True, include_foreign=True)
    assert outcome.exit_code is ExitCode.OK
    assert (house.positions(), house.open_orders("BOLT")) == ({}, ())
    assert house.reconcile().breaks == ()


def test_all_that_is_open_is_cancelled_in_one_request_where_all_has_to_go(house: House) -> None:
    with house.by_hand() as broker:
        broker.submit(Requests("BOLT").buy(9, limit="50", client_id="mine"))
    calls: list[str] = []

    def note(broker: Broker, call: str, asked: object) -> None:
        calls.append(call)

    with house.desk() as desk:
        stop = jobs_own(desk)
        watched = replace(stop, broker=Watched(desk.broker, note))
        assert emergency_stop.run(watched, close_positions=True, include_foreign=True).exit_code is ExitCode.OK
    assert (calls.count("cancel_all"), calls.count("cancel")) == (1, 0)


def test_a_dry_run_sends_nothing(house: House) -> None:
    calls: list[str] = []

    def note(broker: Broker, call: str, asked: object) -> None:
        calls.append(call)

    with house.desk() as desk:
        stop = jobs_own(desk)
        outcome = emergency_stop.dry_run(replace(stop, broker=Watched(desk.broker, note)), close_positions=True)
    assert set(calls) <= {"open_orders", "activities", "late_activities", "positions", "clock", "account"}
    assert {line.result for line in outcome.lines} == {StopResult.WOULD_CANCEL, StopResult.WOULD_CLOSE}
    assert (outcome.cancelled_dollars, outcome.closed_dollars) == (Decimal(4500), Decimal(5000))


def test_without_the_brokers_word_on_what_is_ours_it_claims_nothing(house: House) -> None:
    house.database.unlink()
    outcome = house.emergency_stop(close=True, wrap=lambda broker: Unreachable(broker, "activities"))
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert set(house.positions()) == {"ACME"}


def test_keys_that_are_taken_back_while_it_is_at_work_are_told_and_not_raised(house: House) -> None:
    class TakenBack(Around):
        reads = 0

        def before(self, call: str, asked: object = None) -> None:
            self.reads += call == "open_orders"
            if self.reads > 1:
                raise Blocked(f"{call}: the keys are not accepted")

    outcome = house.emergency_stop(close=True, wrap=TakenBack)
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert ("orders", "open_orders: the keys are not accepted") in [(f.what, f.message) for f in outcome.failures]
