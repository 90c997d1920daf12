"""Halts: three latches and two breakers, each of which stops entries and none of which stops an exit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.latches import (
    FALLS,
    FIVE_PERCENT_A_TRADE,
    FOURTH,
    SECOND,
    THIRD,
    by_damaged_latch_file,
    by_environment,
    by_latch_file,
    by_ledger,
    by_ledger_reducing,
    drawn_down,
    latch_path,
    losing,
    rules,
)
from tradebot.core.model.halts import Halt, HaltRule, distinct
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode

LATCHES = [by_environment, by_latch_file, by_damaged_latch_file, by_ledger, by_ledger_reducing]


@pytest.mark.parametrize("latch", LATCHES)
def test_any_latch_stops_entries_and_lets_exits_and_stops_through(
    make_house: MakeHouse, latch: Callable[[House], None]
) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [THIRD], "COAL": [SECOND]}, leave={"ACME": [THIRD]}, symbols=THREE),
        prices=dict.fromkeys(THREE, [FLAT] * 5),
    )
    house.daily()
    with house.by_hand() as broker:
        (stop,) = (order for order in house_orders(broker.open_orders(), "COAL"))
        broker.cancel(stop.broker_order_id)
    latch(house)
    house.next()

    outcome = house.daily()

    assert outcome.exit_code is ExitCode.HALTED
    assert outcome.status is RunStatus.BLOCKED
    assert "halted, no entries" in outcome.headline
    assert [(denial.symbol, denial.code) for denial in outcome.denials] == [("BOLT", "HALTED")]
    assert set(house.positions()) == {"COAL"}  # ACME was left
    assert house.stops("COAL") == [(Decimal(50), Decimal(90))]  # and the stop of COAL armed again


THREE = ("ACME", "BOLT", "COAL")


def house_orders(orders: tuple[BrokerOrder, ...], symbol: str) -> list[BrokerOrder]:
    return [order for order in orders if order.symbol == symbol]


def test_a_latch_set_between_two_entries_stops_the_second(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))

    class StoppedMeanwhile(Around):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            order = super().submit(request)
            by_latch_file(house)
            return order

    outcome = house.daily(wrap=StoppedMeanwhile)

    assert set(house.positions()) == {"ACME"}
    assert house.stops() == [(Decimal(50), Decimal(90))]
    assert [(line.symbol, line.state) for line in outcome.orders] == [
        ("ACME", OrderState.FILLED),
        ("BOLT", OrderState.ABANDONED),
    ]
    assert outcome.exit_code is ExitCode.HALTED
    (row,) = house.rows("SELECT note FROM orders WHERE symbol = 'BOLT'")
    assert row["note"] == "the account was halted before it was sent: a drill"


def test_the_latch_file_is_taken_into_the_ledger_once_and_holds_without_the_file(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND, THIRD]}))
    by_latch_file(house)
    for _ in range(2):
        assert house.reconcile().exit_code is ExitCode.HALTED
    halts = house.rows("SELECT rule, level, reason, since FROM halts")
    assert halts == [
        {"rule": "operator", "level": "halted", "reason": "a drill", "since": "2007-01-04T00:00:00.000000Z"}
    ]

    latch_path(house).unlink()
    house.next()
    assert house.daily().exit_code is ExitCode.HALTED
    assert house.positions() == {}


def the_halt(outcome: Outcome) -> Halt:
    """The one halt there is, in however many latches."""
    (same,) = distinct(outcome.halts)
    return same[0]


def test_the_loss_of_a_day_halts_at_its_limit(make_house: MakeHouse) -> None:
    house = losing(make_house, "70 71 69 70", "70 71 69 70")  # 3,000 of 100,000 USD are the default limit
    house.next()
    outcome = house.daily()
    assert outcome.account is not None
    assert outcome.account.equity == 97_000
    assert outcome.exit_code is ExitCode.HALTED
    halt = the_halt(outcome)
    assert (halt.rule, halt.value, halt.limit) == (HaltRule.DAILY_LOSS, Decimal("0.03"), Decimal("0.03"))
    assert (halt.session, halt.until) == (THIRD, FOURTH)
    assert halt.reason == "equity $97,000.00 is 3% below the last close of $100,000.00, and 3% is the limit"
    assert [denial.code for denial in outcome.denials] == ["HALTED", "DAILY_LOSS"]
    assert set(house.positions()) == {"ACME"}


def test_a_cent_less_of_a_loss_does_not(make_house: MakeHouse) -> None:
    house = losing(make_house, "70.01 71 69 70")
    house.next()
    outcome = house.daily()
    assert outcome.exit_code is ExitCode.OK
    assert set(house.positions()) == {"ACME", "BOLT"}


def test_a_days_loss_is_forgotten_by_the_next_session_and_not_before(make_house: MakeHouse) -> None:
    house = losing(make_house, "70 71 69 70", "70 71 69 70")
    house.next()
    house.daily()
    resumed = house.resume("never mind")
    assert (resumed.status, resumed.exit_code) == (RunStatus.BLOCKED, ExitCode.HALTED)
    assert "until the next session (2007-01-08)" in resumed.notes[0]
    assert house.check_exits().exit_code is ExitCode.HALTED

    house.next()
    outcome = house.daily()
    assert outcome.exit_code is ExitCode.OK
    assert outcome.halts == ()
    assert set(house.positions()) == {"ACME", "BOLT"}


def test_a_day_that_recovers_stays_halted(make_house: MakeHouse) -> None:
    house = losing(make_house, "70 101 69 101")
    house.next()
    house.daily()
    outcome = house.check_exits()
    assert outcome.account is not None
    assert outcome.account.equity == 100_100
    assert rules(outcome) == [HaltRule.DAILY_LOSS]
    assert len(house.rows("SELECT 1 FROM halts")) == 1


def test_a_restart_does_not_move_the_days_baseline(make_house: MakeHouse) -> None:
    house = losing(make_house, "85 86 70 70")
    house.next()
    assert house.daily().exit_code is ExitCode.OK  # 1.5 % down
    outcome = house.check_exits()  # 3 % down from yesterday's close, 1.5% from the run before
    assert rules(outcome) == [HaltRule.DAILY_LOSS]


def test_a_drawdown_halts_at_its_limit_and_until_it_is_resumed(make_house: MakeHouse) -> None:
    house = drawn_down(make_house, FALLS, "100 101 99 100")
    outcome = house.daily()
    halt = the_halt(outcome)
    assert (halt.rule, halt.value, halt.until) == (HaltRule.DRAWDOWN, Decimal("0.02"), None)
    assert halt.reason == "equity $98,980.00 is 2% below its peak of $101,000.00, and 2% is the limit"
    house.next()
    assert rules(house.daily()) == [HaltRule.DRAWDOWN]


def test_a_cent_above_the_limit_the_drawdown_does_not_halt(make_house: MakeHouse) -> None:
    house = drawn_down(make_house, "89.81 90 89 89.81")
    assert house.daily().exit_code is ExitCode.OK


def test_exits_happen_while_a_breaker_halts(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}, policy='stop=Decimal("0.50")'),
        prices={"ACME": [FLAT, FLAT, "70 71 69 70"]},
        settings=FIVE_PERCENT_A_TRADE,
    )
    house.daily()
    house.next()
    outcome = house.daily()
    assert rules(outcome) == [HaltRule.DAILY_LOSS]
    assert house.positions() == {}
    assert house.open_orders() == ()
