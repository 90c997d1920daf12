"""Entries where stops are for jobs to place: one is sent, ends and is protected before the next leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count

import pytest

from tests.fakes.lacking import lacking
from tests.fakes.paced import paced
from tests.fakes.thin_market import fills_at_most
from tests.jobs.brokers import Around, Crash, Dies, Watched
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import House, Script
from tests.jobs.latches import by_latch_file
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.orders import OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.errors import Blocked, BrokerUnavailable, ExitCode, OrderRefused, OutcomeUnknown, Stopped
from tradebot.jobs import adopt, run_daily
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)
STOP = [(Decimal(45), Decimal("90.00"))]


def entering(make_house: MakeHouse) -> House:
    """A home that is to buy 45 ACME and 45 BOLT at 100, with stops at 90, at a broker that takes no stop along."""
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    house.every = lacking
    return house


def thin(broker: Broker) -> Broker:
    """Ten shares of a symbol fill."""
    assert isinstance(broker, PaperBroker)
    fills_at_most(broker._exchange, 10)
    return broker


def sent(calls: list[object]) -> list[tuple[str, OrderType]]:
    return [(each.symbol, each.type) for each in calls if isinstance(each, OrderRequest)]


def test_each_entry_has_its_stop_before_the_next_one_leaves(make_house: MakeHouse) -> None:
    house, asked = entering(make_house), list[object]()
    outcome = house.daily(wrap=lambda broker: Watched(broker, lambda _, call, what: asked.append(what)))
    assert sent(asked) == [
        ("ACME", OrderType.LIMIT),
        ("ACME", OrderType.STOP),
        ("BOLT", OrderType.LIMIT),
        ("BOLT", OrderType.STOP),
    ]
    entry = next(each for each in asked if isinstance(each, OrderRequest))
    assert (entry.limit_price, entry.time_in_force) == (Decimal(101), TimeInForce.DAY)
    assert entry.stop_loss is entry.take_profit is None
    assert house.stops("ACME") == house.stops("BOLT") == STOP
    assert (outcome.unprotected, outcome.exit_code) == (Decimal(0), ExitCode.OK)
    states = {(line.symbol, line.purpose): line.state for line in outcome.orders}
    assert states[("ACME", Purpose.ENTRY)] is OrderState.FILLED


def test_an_entry_that_fills_in_part_is_ended_and_its_part_protected(make_house: MakeHouse) -> None:
    house = entering(make_house)
    outcome = house.daily(wrap=thin)
    assert house.stops("ACME") == house.stops("BOLT") == [(Decimal(10), Decimal("90.00"))]
    assert {line.state for line in outcome.orders if line.purpose is Purpose.ENTRY} == {OrderState.CANCELLED}


@pytest.mark.parametrize("wrap", [lambda broker: broker, thin], ids=["whole", "in part"])
def test_what_was_bought_is_bare_for_forty_seconds_at_most(
    make_house: MakeHouse, wrap: Callable[[Broker], Broker]
) -> None:
    house = entering(make_house)
    with paced(house, "09:35", wrap=wrap) as desk:
        run_daily.run(desk)
    periods = house.rows("SELECT (julianday(ended_at) - julianday(began_at)) * 86400 AS seconds FROM bare_periods")
    assert len(periods) == 2
    assert all(0 < period["seconds"] < 40 for period in periods), periods


class StopsOnceSent:
    """SIGTERM comes once an order has been sent."""

    def __init__(self) -> None:
        self.checks = 0

    def check(self) -> None:
        self.checks += 1
        if self.checks > 1:
            raise Stopped(ExitCode.TERMINATED)


def test_a_signal_skips_no_stop(make_house: MakeHouse) -> None:
    house = entering(make_house)
    with house.desk("09:35") as desk, pytest.raises(Stopped):
        run_daily.run(replace(desk, stop=StopsOnceSent()))
    assert (house.stops("ACME"), "BOLT" in house.positions()) == (STOP, False)


class RefusesBolt(Around):
    """BOLT is not sold to us."""

    def submit(self, request: OrderRequest) -> None:  # type: ignore[override]
        if request.symbol == "BOLT":
            raise OrderRefused("not enough", "not enough buying power")
        return super().submit(request)  # type: ignore[return-value]


def test_a_later_order_that_fails_skips_no_stop(make_house: MakeHouse) -> None:
    house = entering(make_house)
    house.daily(wrap=RefusesBolt)
    assert (house.stops("ACME"), "BOLT" in house.positions()) == (STOP, False)


def test_a_halt_between_entries_skips_no_stop(make_house: MakeHouse) -> None:
    house = entering(make_house)

    def halts(_: Broker, call: str, asked: object) -> None:
        if call == "submit":
            by_latch_file(house)

    outcome = house.daily(wrap=lambda broker: Watched(broker, halts))
    assert (house.stops("ACME"), "BOLT" in house.positions()) == (STOP, False)
    assert outcome.exit_code is ExitCode.HALTED


def test_no_entry_leaves_while_the_one_before_was_not_seen_to_end(make_house: MakeHouse) -> None:
    house = entering(make_house)

    class Deaf(Around):
        def cancel(self, broker_order_id: str) -> None:
            raise OutcomeUnknown("the connection was cut after it had been sent")

    outcome = house.daily(wrap=lambda broker: Deaf(thin(broker)))
    assert "BOLT" not in house.positions()
    assert "ACME was not seen to end and to be protected: not sent were BOLT" in outcome.notes
    assert outcome.exit_code is ExitCode.BROKER
    house.check_exits()
    assert [shares for shares, _ in house.stops("ACME")] == [house.positions()["ACME"].quantity]


def refuses_token_after(call: str, purpose: OrderType | None = None) -> Callable[[Broker], Broker]:
    """The token is refused from the first such call on that follows an entry."""
    state = {"entered": False, "refused": False}

    def look(_: Broker, name: str, asked: object) -> None:
        if state["entered"] and name == call:
            state["refused"] = True
        state["entered"] |= name == "submit"
        if state["refused"]:
            raise Blocked("the token is refused: run `tradebot auth`")

    return lambda broker: Watched(broker, look)


@pytest.mark.parametrize(("call", "shares"), [("submit", 45), ("order", 10)])
def test_a_position_is_told_as_bare_where_the_token_is_refused(make_house: MakeHouse, call: str, shares: int) -> None:
    house, refuses = entering(make_house), refuses_token_after(call)
    with pytest.raises(Blocked) as refused:
        house.daily(wrap=lambda broker: refuses(thin(broker) if shares == 10 else broker))
    assert refused.value.exit_code is ExitCode.BLOCKED
    (period,) = house.rows("SELECT symbol, shares, dollars FROM bare_periods WHERE ended_at IS NULL")
    assert period == {"symbol": "ACME", "shares": str(shares), "dollars": str(shares * 100)}
    house.check_exits()
    assert [held for held, _ in house.stops("ACME")] == [house.positions()["ACME"].quantity]
    assert not house.rows("SELECT * FROM bare_periods WHERE ended_at IS NULL")


def kills_at(number: int) -> Callable[[Broker], Broker]:
    """The process dies at the ``number``-th call from the first entry on: 0 before it arrives, 1 after, and so on."""
    calls = count()
    state = {"began": False}

    def look(broker: Broker, name: str, asked: object) -> None:
        state["began"] |= name == "submit"
        if state["began"] and next(calls) == number:
            raise Crash

    return lambda broker: Watched(broker, look)


def adopts(house: House) -> None:
    with house.desk() as desk, pytest.raises(Exception, match="BOLT"):
        adopt.run(desk, adopt.Adoption("BOLT", "scripted", Decimal(90), "a trial"))


NEXT: list[Callable[[House], object]] = [
    House.check_exits,
    House.reconcile,
    House.daily,
    House.resume,
    adopts,
]


@pytest.mark.parametrize("step", range(1, 8))
def test_a_job_that_was_killed_is_repaired_by_the_next_of_any_kind(copy_house: CopyHouse, step: int) -> None:
    house = copy_house(entering)
    house.every = lacking
    with pytest.raises(Crash):
        house.daily(wrap=kills_at(step))
    assert "ACME" in house.positions()
    NEXT[step % len(NEXT)](house)
    assert house.stops("ACME") == STOP
    standing = house.rows("SELECT symbol FROM bare_periods WHERE ended_at IS NULL")
    assert not standing


@pytest.mark.parametrize("job", NEXT[:2])
def test_an_entry_whose_answer_died_with_the_job_is_repaired_too(
    copy_house: CopyHouse, job: Callable[[House], object]
) -> None:
    house = copy_house(entering)
    house.every = lacking
    with pytest.raises(Crash):
        house.daily(wrap=lambda broker: Dies(broker, "submit", after=True))
    job(house)
    assert house.stops("ACME") == STOP


def test_an_entry_that_was_killed_before_it_left_is_never_sent_again(copy_house: CopyHouse) -> None:
    house = copy_house(entering)
    house.every = lacking
    with pytest.raises(Crash):
        house.daily(wrap=kills_at(0))
    house.daily()
    assert house.positions().keys() == {"BOLT"}
    assert house.stops("BOLT") == STOP


def test_a_broker_that_stays_away_ends_the_job_and_the_next_places_the_stop(make_house: MakeHouse) -> None:
    house = entering(make_house)
    state = {"entered": False}

    def look(_: Broker, name: str, asked: object) -> None:
        if state["entered"]:
            raise BrokerUnavailable("no route to host")
        state["entered"] = isinstance(asked, OrderRequest) and asked.side is Side.BUY

    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=lambda broker: Watched(broker, look))
    house.reconcile()
    assert house.stops("ACME") == STOP
