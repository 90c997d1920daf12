"""The first session of a bot in an account that its owner has used for years, over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.alpaca import Arrival, Fault, Kind
from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.at_alpaca import at_alpaca
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.errors import BrokerUnavailable, ExitCode, LedgerError
from tradebot.home import paths
from tradebot.jobs import preflight, report, status

MET, NEXT = date(2007, 1, 9), date(2007, 1, 10)
SYMBOLS = ("ACME", "BOLT", "CORD")
DIVIDEND = "BOLT,2007-01-08,dividend,0.50"
#: 100,000 put in, 20 CORD bought and sold, 40 BOLT bought with a dividend of 20.
STATEMENT = "opening statement of 2007-01-09: cash 96,020.00, 1 foreign position, 1 foreign order"


def by_hand(house: House, *deeds: Callable[[PaperBroker], object]) -> None:
    with house.by_hand() as broker:
        for deed in deeds:
            deed(broker)


@pytest.fixture
def used(make_house: MakeHouse) -> House:
    """A home that is about to enter ACME and BOLT, in an account that a person has traded in for three sessions."""
    house = make_house(
        Script(enter={"ACME": [MET], "BOLT": [MET]}),
        prices={symbol: [FLAT] * 9 for symbol in SYMBOLS},
        actions=[DIVIDEND],
        settings={"BREAK_HALT_VALUE": "5000"},
    )
    history = (
        (Requests("CORD").buy(20, client_id="old 1"),),
        (Requests("CORD").sell(20, client_id="old 2"), Requests("BOLT").buy(40, client_id="old 3")),
        (Requests("BOLT").sell(40, stop="60", client_id="my stop"),),
    )
    for orders in history:
        house.passes("09:31")
        with house.by_hand() as broker:
            for order in orders:
                broker.submit(order)
        house.next()
    assert house.rows("SELECT * FROM openings") == []
    return house


def forget(house: House, which: str) -> None:
    """Let the broker forget activities: its history is known to be incomplete."""
    with closing(sqlite3.connect(paths.exchange_file(house.home), isolation_level=None)) as exchange:
        for (name,) in exchange.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            exchange.execute(f"DROP TRIGGER {name}")
        exchange.execute(f"DELETE FROM activities WHERE {which}")


@pytest.mark.parametrize("forgotten", ["0", "kind = 'deposit'", "kind = 'fill' AND number < 5", "number > 1"])
def test_an_account_with_a_history_is_traded_in_from_the_first_session(used: House, forgotten: str) -> None:
    """Whatever the broker still tells of the time before."""
    forget(used, forgotten)
    with at_alpaca(used) as account:
        first = account.daily()
        assert (first.exit_code, first.breaks, first.halts) == (ExitCode.OK, (), ())
        assert STATEMENT in first.notes
        assert [(order.symbol, order.state) for order in first.orders] == [("ACME", OrderState.FILLED)]
        assert {denial.code.value for denial in first.denials if denial.symbol == "BOLT"} >= {"SYMBOL_OWNED"}

        for at in ("10:15", "15:45"):
            assert account.check_exits(at).exit_code is ExitCode.OK
        used.next()
        assert account.daily().exit_code is ExitCode.OK

    assert used.stops("BOLT") == [(Decimal(40), Decimal(60))], "a person's stop is left alone"
    (bolt,) = used.rows("SELECT strategy, quantity, price FROM lots WHERE symbol = 'BOLT'")
    assert bolt == {"strategy": "foreign", "quantity": "40", "price": "100"}
    assert used.rows("SELECT * FROM openings WHERE cash <> '96020'") == []
    assert [row["symbol"] for row in used.rows("SELECT symbol FROM fills")] == ["ACME"], "no history is booked"


def test_preflight_shows_the_opening_before_and_the_report_begins_with_it(used: House) -> None:
    with at_alpaca(used) as account:
        with used.desk("09:00") as desk:
            checks = {
                check.name: check for check in preflight.run(replace(desk, broker=broker_of(account.fake))).checks
            }
        assert checks["opening"].figure.startswith(STATEMENT)
        account.daily()
    with used.desk("16:15") as desk:
        told = report.run(desk, AskedPeriod(Period.ALL))
        shown = status.run(desk, "")
    assert told.opening is not None
    assert told.opening.text() == STATEMENT
    assert (told.equity[0].equity, told.cash_events) == (Decimal(100_020), ())
    assert any("my stop" in note for note in shown.notes)


def test_rows_of_the_time_before_that_come_late_change_nothing(used: House) -> None:
    with at_alpaca(used) as account:
        account.fake.strike(Kind.LAGGING, 3, path="/v2/account/activities", times=3)
        assert STATEMENT in account.daily().notes
        after = account.check_exits("10:15")
    assert (after.exit_code, after.breaks) == (ExitCode.OK, ())
    assert {row["symbol"] for row in used.rows("SELECT symbol FROM fills")} == {"ACME"}


@pytest.mark.parametrize("rests", [True, False])
def test_an_account_that_shows_an_id_of_ours_is_not_met_first(used: House, rests: bool) -> None:
    ours = used.id(2, Purpose.ENTRY, "CORD")
    by_hand(used, lambda broker: broker.submit(Requests("CORD").buy(1, limit="5", client_id=ours)))
    if not rests:
        (order,) = used.open_orders("CORD")
        by_hand(used, lambda broker: broker.cancel(order.broker_order_id))
    with at_alpaca(used) as account, pytest.raises(LedgerError, match="tradebot rebuild"):
        account.daily()
    assert used.rows("SELECT * FROM openings") == used.rows("SELECT * FROM orders") == []
    assert "ACME" not in used.positions()


def refuse_the_search(arrival: Arrival) -> Fault | None:
    is_search = arrival.path == "/v2/orders" and arrival.query.get("status") == "all"
    return Fault(Kind.RESET_BEFORE) if is_search else None


def test_a_search_that_cannot_be_finished_makes_no_opening(used: House) -> None:
    with at_alpaca(used) as account:
        account.happens = refuse_the_search
        with pytest.raises(BrokerUnavailable):
            account.daily()
        assert used.rows("SELECT * FROM openings") == []
        account.happens = lambda arrival: None
        assert STATEMENT in account.daily().notes
