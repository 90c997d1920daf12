"""orders: what was sent and what rests, as the broker shows it, and as it was known last."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, TUESDAY, traded_two_sessions
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.exchange_time import new_york_text
from tradebot.core.model.orders import OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.results.listings import ListedOrder, Listing, Selection
from tradebot.jobs import orders
from tradebot.ledger.sqlite_engine import SqliteEngine

FOREIGN_BUY = OrderRequest(
    "by-hand", "ACME", Side.BUY, Decimal(7), OrderType.LIMIT, TimeInForce.GTC, limit_price=Decimal(50)
)


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def shown(house: House, chosen: Selection = Selection()) -> Listing[ListedOrder]:  # noqa: B008 - frozen
    with house.desk() as desk:
        return orders.run(desk, chosen)


def recalled(house: House, chosen: Selection = Selection()) -> Listing[ListedOrder]:  # noqa: B008 - frozen
    with house.ledger_alone() as desk:
        return orders.recall(desk, chosen)


def told(found: Listing[ListedOrder]) -> set[str]:
    return {f"{each.side} {each.quantity} {each.symbol} {each.purpose} {each.state}" for each in found.rows}


def test_every_order_is_listed_with_what_became_of_it(traded: House) -> None:
    found = shown(traded)
    assert told(found) == {
        "buy 50 ACME entry filled",
        "sell 50 ACME stop cancelled",  # by the exit, which nothing told of the leg
        "sell 50 ACME exit filled",
        "buy 50 BOLT entry filled",
        "sell 50 BOLT stop filled",
        "buy 50 COAL entry filled",
        "sell 50 COAL stop accepted",
    }
    (leg,) = (each for each in found.rows if each.symbol == "BOLT" and each.purpose is Purpose.STOP)
    assert (leg.filled_quantity, leg.average_fill_price) == (Decimal(50), Decimal(90))
    times = [each.at for each in found.rows]
    assert times == sorted(times, reverse=True)
    assert [each.symbol for each in found.rows if each.is_open] == ["COAL"]
    assert {each.strategy for each in found.rows} == {"scripted"}


@pytest.mark.parametrize("look", [shown, recalled])
def test_the_open_ones_are_those_that_rest(traded: House, look: object) -> None:
    found = (shown if look is shown else recalled)(traded, Selection(only_open=True))
    (stop,) = found.rows
    assert (stop.symbol, stop.purpose, stop.stop_price, stop.state) == (
        "COAL",
        Purpose.STOP,
        Decimal(90),
        OrderState.ACCEPTED,
    )
    assert (stop.strategy, stop.is_open) == ("scripted", True)


def test_what_was_known_last_says_of_when_it_is(traded: House) -> None:
    found = recalled(traded)
    assert found.known_at is not None
    assert new_york_text(found.known_at) == "2007-01-08 16:05 EST", "when reconcile looked"
    assert told(found) == told(shown(traded))


def test_a_foreign_order_is_shown_at_once_and_remembered_once_a_job_has_seen_it(traded: House) -> None:
    with traded.exchange() as exchange:
        PaperBroker(exchange).submit(FOREIGN_BUY)
    chosen = Selection(strategy="foreign")
    (order,) = shown(traded, chosen).rows
    assert (order.symbol, order.limit_price, order.is_open) == ("ACME", Decimal(50), True)
    assert recalled(traded, chosen).rows == ()
    traded.reconcile()
    assert [each.client_order_id for each in recalled(traded, chosen).rows] == ["by-hand"]


def test_the_closing_order_of_an_emergency_stop_is_listed_by_its_fill(traded: House) -> None:
    traded.next()
    traded.passes("10:00")
    traded.emergency_stop(close=True)
    traded.check_exits("10:05")
    found = shown(traded, Selection(symbol="COAL"))
    assert told(found) == {
        "buy 50 COAL entry filled",
        "sell 50 COAL stop cancelled",
        "sell 50 COAL close filled",
    }
    (close,) = (each for each in found.rows if each.purpose is Purpose.CLOSE)
    assert (close.filled_quantity, close.is_open, close.strategy) == (Decimal(50), False, "scripted")
    assert close.average_fill_price == Decimal(100)


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (Selection(symbol="BOLT"), 2),
        (Selection(first=MONDAY), 3),
        (Selection(last=FRIDAY), 4),
        (Selection(first=TUESDAY), 0),
        (Selection(strategy="other"), 0),
        (Selection(limit=3), 3),
    ],
)
def test_only_what_matches_is_listed(chosen: Selection, count: int, traded: House) -> None:
    found = shown(traded, chosen)
    assert len(found.rows) == count
    assert found.more == (chosen.limit is not None)
    assert bool(found.notes) == (count == 0)


def test_so_many_of_the_newest_are_the_beginning_of_all_of_them(traded: House) -> None:
    traded.next()
    traded.passes("10:00")
    traded.emergency_stop(close=True)
    traded.check_exits("10:05")
    for chosen in (Selection(), Selection(symbol="COAL"), Selection(first=MONDAY), Selection(last=FRIDAY)):
        everything = recalled(traded, chosen).rows
        for limit in range(1, len(everything) + 1):
            found = recalled(traded, replace(chosen, limit=limit))
            assert (found.rows, found.more) == (everything[:limit], limit < len(everything)), (chosen, limit)


def test_the_newest_and_the_open_ones_cost_no_more_with_a_longer_history(traded: House) -> None:
    """SQLite reads no table of the history from end to end, which it calls a SCAN, and no account's orders all."""
    asked: list[str] = []
    with traded.ledger_alone() as desk:
        assert isinstance(desk.ledger.listings._engine, SqliteEngine)
        connection = desk.ledger.listings._engine._connection
        connection.set_trace_callback(asked.append)
        for chosen in (Selection(limit=2), Selection(only_open=True)):
            desk.ledger.listings.sent_orders(chosen, 2)
        desk.ledger.listings.names(Selection())
        connection.set_trace_callback(None)
        plans = [row[3] for each in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")]
    through = [plan for plan in plans if "orders" in plan or "intent" in plan or "fills" in plan]
    assert len(through) >= 5
    assert [plan for plan in through if "SCAN" in plan] == []
    assert "SEARCH intent USING INDEX orders_session (account_key=? AND session>?)" in through
    assert "SEARCH orders USING INDEX orders_unsettled (account_key=?)" in through


def test_an_account_without_orders_says_so(make_house: MakeHouse) -> None:
    house = make_house()
    for found in (shown(house), recalled(house)):
        assert (found.rows, found.notes) == ((), ("no order yet",))
