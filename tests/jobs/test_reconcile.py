"""reconcile: what the ledger can't explain is a break: it ages, locks its symbol, and closes once it is explained."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, Unreachable
from tests.jobs.conftest import CopyHouse, MakeHouse, holding_acme
from tests.jobs.house import ACCOUNT, House, Script
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.account import Activity, Fill, Position
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.ports import Broker

SECOND, THIRD, FOURTH = date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)


class TellsNoFills(Around):
    """Has traded, and does not tell yet."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(done for done in super().activities(after) if not isinstance(done, Fill))


class SoldShort(Around):
    """Shows 20 ACME sold short where the ledger has bought some."""

    def positions(self) -> tuple[Position, ...]:
        return tuple(replace(each, quantity=Decimal(-20)) for each in super().positions())


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


def trade_by_hand(house: House, symbol: str, shares: int) -> None:
    with house.by_hand() as broker:
        for order in broker.open_orders():
            if order.symbol == symbol:
                broker.cancel(order.broker_order_id)
        requests, mine = Requests(symbol), f"mine {symbol} {shares}"
        broker.submit(requests.buy(shares, client_id=mine) if shares > 0 else requests.sell(-shares, client_id=mine))


def breaks(outcome: Outcome) -> list[tuple[str, str, Decimal, Decimal]]:
    return [(found.kind.value, found.symbol, found.here, found.there) for found in outcome.breaks]


def figures(*numbers: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, numbers))


def test_what_the_ledger_explains_is_no_break(house: House) -> None:
    outcome = house.reconcile()
    assert (outcome.status, outcome.exit_code) == (RunStatus.RAN, ExitCode.OK)
    assert outcome.headline.endswith("the ledger explains everything at the broker")
    assert outcome.breaks == ()


@pytest.mark.parametrize(
    ("shares", "kind", "symbol", "here", "there", "cash"),
    [
        (-20, "quantity", "ACME", 50, 30, 97_000),
        (-50, "missing_there", "ACME", 50, 0, 100_000),
        (10, "missing_here", "BOLT", 0, 10, 94_000),
    ],
)
def test_a_trade_that_is_not_told_is_a_break_in_shares_and_in_cash(
    house: House, shares: int, kind: str, symbol: str, here: int, there: int, cash: int
) -> None:
    trade_by_hand(house, symbol, shares)
    outcome = house.reconcile(wrap=TellsNoFills)
    assert outcome.exit_code is ExitCode.BREAKS
    found = breaks(outcome)
    assert (kind, symbol, *figures(here, there)) in found
    assert ("cash", "USD", *figures(95_000, cash)) in found
    assert {k for k, *_ in found} <= {kind, "cash", "unprotected"}

    explained = house.reconcile()
    assert ("cash", "USD") not in [(k, s) for k, s, *_ in breaks(explained)]
    assert kind not in [k for k, *_ in breaks(explained)]


def test_a_position_that_was_turned_round_is_a_break_of_its_side(house: House) -> None:
    outcome = house.reconcile(wrap=SoldShort)
    assert ("side", "ACME", *figures(50, -20)) in breaks(outcome)


def change_ledger(house: House, sql: str) -> None:
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE lots SET quantity = '40'", ("quantity", "ACME", *figures(40, 50))),
        ("DELETE FROM lots", ("missing_here", "ACME", *figures(0, 50))),
        ("UPDATE lots SET symbol = 'BOLT'", ("missing_there", "BOLT", *figures(50, 0))),
        ("UPDATE accounts SET cash = '94999.98'", ("cash", "USD", Decimal("94999.98"), Decimal(95000))),
    ],
)
def test_a_ledger_that_was_changed_by_hand_no_longer_explains_the_broker(
    house: House, sql: str, expected: tuple[str, str, Decimal, Decimal]
) -> None:
    change_ledger(house, sql)
    outcome = house.reconcile()
    assert outcome.exit_code is ExitCode.BREAKS
    assert expected in breaks(outcome)


def test_a_cent_of_cash_is_rounding(house: House) -> None:
    change_ledger(house, "UPDATE accounts SET cash = '94999.99'")
    assert house.reconcile().exit_code is ExitCode.OK


def a_foreign_order(broker: PaperBroker) -> None:
    broker.submit(Requests("BOLT").buy(1, limit="10", client_id="mine"))


#: An id of this account's, of a decision that its ledger never made.
UNDECIDED = client_order_id(ACCOUNT, SECOND, "scripted", "BOLT", Purpose.ENTRY, 7)


def an_undecided_order(broker: PaperBroker) -> None:
    broker.submit(Requests("BOLT").buy(1, limit="10", client_id=UNDECIDED))


def a_missing_stop(broker: PaperBroker) -> None:
    (stop,) = broker.open_orders()
    broker.cancel(stop.broker_order_id)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (an_undecided_order, ("unknown_order", "BOLT", *figures(0, 1))),
        (a_missing_stop, ("unprotected", "ACME", *figures(50, 0))),
    ],
)
def test_an_order_too_many_or_too_few_is_a_break(
    house: House, act: Callable[[PaperBroker], None], expected: tuple[str, str, Decimal, Decimal]
) -> None:
    with house.by_hand() as broker:
        act(broker)
    outcome = house.reconcile()
    assert outcome.exit_code is ExitCode.BREAKS
    assert breaks(outcome) == [expected]


def test_a_break_ages_by_session_and_closes_when_it_is_gone(house: House) -> None:
    with house.by_hand() as broker:
        an_undecided_order(broker)
    ages = []
    for _ in range(3):
        house.reconcile()
        (found,) = house.reconcile().breaks  # however often a session it is seen
        ages.append((found.first_seen, found.last_seen, found.age_sessions))
        house.next()
    assert ages == [(SECOND, SECOND, 0), (SECOND, THIRD, 1), (SECOND, FOURTH, 2)]

    with house.by_hand() as broker:
        broker.cancel(next(o.broker_order_id for o in broker.open_orders() if o.client_order_id == UNDECIDED))
    outcome = house.reconcile()
    assert (outcome.breaks, outcome.exit_code) == ((), ExitCode.OK)
    told = house.rows("SELECT kind FROM audit WHERE kind LIKE 'break%' ORDER BY seq")
    assert [row["kind"] for row in told] == ["break_opened", "break_changed", "break_changed", "break_closed"]


def test_a_break_locks_its_symbol_and_no_other(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)
    house.reconcile(at="09:30")
    trade_by_hand(house, "ACME", 10)
    outcome = house.daily(wrap=TellsNoFills)
    assert "SYMBOL_LOCKED" in [denial.code for denial in outcome.denials if denial.symbol == "ACME"]
    assert [line.symbol for line in outcome.orders] == ["BOLT"]
    assert outcome.exit_code is ExitCode.BREAKS


def test_cash_that_is_not_explained_lets_nothing_be_entered_and_everything_be_left(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [THIRD]}, leave={"ACME": [THIRD]}))
    house.daily()
    change_ledger(house, "UPDATE accounts SET cash = '94999'")
    house.next()
    outcome = house.daily()
    assert [denial.code for denial in outcome.denials if denial.symbol == "BOLT"] == ["CASH_UNEXPLAINED"]
    assert house.positions() == {}


def test_a_position_under_a_break_can_still_be_left(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}))
    house.daily()
    house.next()
    with house.by_hand() as broker:
        a_foreign_order(broker)
        broker.submit(Requests("ACME").buy(1, limit="10", client_id="mine too"))
    house.check_exits()
    assert house.positions() == {}


def test_reconcile_only_looks(house: House) -> None:
    with house.by_hand() as broker:
        a_missing_stop(broker)
    watched: list[Around] = []

    def watch(broker: Broker) -> Broker:
        watched.append(Around(broker))
        return watched[0]

    house.reconcile(wrap=watch)
    assert not {"submit", "cancel", "replace"} & set(watched[0].calls)


@pytest.mark.parametrize("dead", ["positions", "open_orders", "account", "activities"])
@pytest.mark.parametrize("job", [Job.RECONCILE, Job.CHECK_EXITS, Job.RUN_DAILY])
def test_a_read_that_fails_is_never_flat(house: House, job: Job, dead: str) -> None:
    house.next()
    with pytest.raises(BrokerUnavailable):
        house.run(job, wrap=lambda broker: Unreachable(broker, dead))
    assert house.rows("SELECT 1 FROM breaks") == []
    assert house.stops() == [(Decimal(50), Decimal(90))]
    held = house.holding()
    assert held is not None
    assert held.quantity == 50
    (run,) = house.rows("SELECT status, exit_code FROM runs WHERE run_id = (SELECT max(run_id) FROM runs)")
    assert run == {"status": "failed", "exit_code": 6}
