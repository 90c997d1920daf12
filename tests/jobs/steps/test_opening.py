"""First contact with an account: two looks that agree are its opening; one that shows our ids has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.__main__ import main
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.account import AccountSnapshot, Activity, Position
from tradebot.core.model.orders import BrokerOrder, Purpose
from tradebot.core.model.schedule import Job
from tradebot.errors import BrokerUnavailable, ExitCode, LedgerError
from tradebot.jobs import preflight, status
from tradebot.jobs.job_run import open_run
from tradebot.jobs.steps.opening import make_opening, read_opening
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)


def opens(house: House) -> None:
    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)


def trade(house: House, do: Callable[[PaperBroker], object]) -> None:
    with house.by_hand() as broker:
        do(broker)


@pytest.fixture
def used(make_house: MakeHouse) -> House:
    """A home whose account a person has used: 100 BOLT, a stop for them, and 90,000 USD of cash."""
    house = make_house(Script(enter={"ACME": [SECOND]}))
    opens(house)
    trade(house, lambda broker: broker.submit(Requests("BOLT").buy(100, client_id="mine")))
    trade(house, lambda broker: broker.submit(Requests("BOLT").sell(100, stop="90", client_id="my stop")))
    return house


def stored(house: House) -> list[dict[str, object]]:
    return house.rows("SELECT * FROM openings")


def test_the_first_job_begins_with_the_brokers_statement(used: House) -> None:
    outcome = used.daily()
    assert "opening statement of 2007-01-04: cash 90,000.00, 1 foreign position, 1 foreign order" in outcome.notes
    assert outcome.breaks == ()
    assert outcome.exit_code is ExitCode.OK
    assert set(used.positions()) == {"ACME", "BOLT"}
    (row,) = stored(used)
    assert (row["cash"], row["equity"], row["session"]) == ("90000", "100000", "2007-01-04")
    (lot,) = used.rows("SELECT * FROM lots WHERE symbol = 'BOLT'")
    assert (lot["strategy"], lot["quantity"], lot["price"]) == ("foreign", "100", "100")
    assert used.rows("SELECT * FROM cash_events") == []
    assert [row["symbol"] for row in used.rows("SELECT symbol FROM fills")] == ["ACME"]
    points = used.rows("SELECT equity, last_equity FROM equity ORDER BY seq")
    assert points[0] == {"equity": "100000", "last_equity": "100000"}
    (alert,) = used.rows("SELECT message FROM alerts WHERE key = 'opening'")
    assert "100 BOLT" in str(alert["message"])


def test_it_is_made_once(used: House) -> None:
    used.daily()
    again = used.check_exits()
    assert not any("opening" in note for note in again.notes)
    assert len(stored(used)) == 1


def test_jobs_that_hold_no_lock_store_none(used: House) -> None:
    with used.desk() as desk:
        preflight.run(desk)
        status.run(desk, "")
    assert stored(used) == []


class Forgetful(Around):
    """Tells no activity from before."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return () if after is None else super().activities(after)


def test_an_account_without_activities_begins_with_what_it_has(used: House) -> None:
    assert used.reconcile(at="09:34", wrap=Forgetful).exit_code is ExitCode.OK
    (row,) = stored(used)
    assert (row["cash"], row["cursor"], row["known"]) == ("90000", None, "[]")
    assert used.daily().breaks == (), "the history that is told later is covered"


def test_an_account_with_an_order_of_ours_is_not_met_first(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    opens(house)
    ours = house.id(1, Purpose.ENTRY)
    trade(house, lambda broker: broker.submit(Requests("ACME").buy(1, limit="1", client_id=ours)))
    (order,) = house.open_orders()
    trade(house, lambda broker: broker.cancel(order.broker_order_id))
    with pytest.raises(LedgerError, match=f"{ours}.*tradebot rebuild"):
        house.daily()
    assert stored(house) == []
    assert house.rows("SELECT * FROM lots") == []


class CannotSearch(Around):
    def client_order_ids(self) -> frozenset[str]:
        raise BrokerUnavailable("page 2 failed")


def test_a_search_that_cannot_be_finished_makes_none(used: House) -> None:
    with pytest.raises(BrokerUnavailable, match="page 2"):
        used.daily(wrap=CannotSearch)
    assert stored(used) == []
    assert used.daily().exit_code is ExitCode.OK


class Restless(Around):
    """Shows other cash at each look, ``most`` times."""

    def __init__(self, broker: Broker, most: int) -> None:
        super().__init__(broker)
        self.left = most

    def account(self) -> AccountSnapshot:
        shown = super().account()
        self.left -= 1
        return replace(shown, cash=shown.cash + max(self.left, 0))


@pytest.mark.parametrize(("most", "is_made"), [(2, True), (99, False)])
def test_two_looks_must_agree(used: House, most: int, is_made: bool) -> None:
    with used.desk("09:35") as desk:
        restless = replace(desk, broker=Restless(desk.broker, most), opened_on=None)
        run = open_run(restless, Job.RECONCILE)
        if is_made:
            make_opening(restless, run)
        else:
            with pytest.raises(BrokerUnavailable, match="no two of them agree"):
                make_opening(restless, run)
    assert [row["cash"] for row in stored(used)] == (["90000"] if is_made else [])


class StaleOnce(Around):
    """Shows no order at the first look."""

    shown = False

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        orders, self.shown = super().open_orders() if self.shown else (), True
        return orders


def test_one_stale_answer_is_not_the_opening(used: House) -> None:
    used.daily(wrap=StaleOnce)
    (row,) = stored(used)
    assert "my stop" in str(row["orders"])
    assert Decimal(str(row["cash"])) == 90_000


def test_a_new_account_of_the_embedded_exchange_begins_with_an_opening_of_its_own(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    assert main(["paper", "reset", "--yes", "--home", str(house.home)]) == 0
    outcome = house.daily()
    assert "opening statement of 2007-01-04: cash 100,000.00" in outcome.notes
    told = house.rows("SELECT history FROM openings JOIN accounts USING (account_key) ORDER BY account_key")
    first, second = [row["history"] for row in told]
    assert first == "paper:paper:PAPER-0001" != second


class Outdated(Around):
    """Shows positions at yesterday's prices, or an account at yesterday's equity, at one look."""

    def __init__(self, broker: Broker, what: str, look: int) -> None:
        super().__init__(broker)
        self.what, self.left = what, look

    def account(self) -> AccountSnapshot:
        shown = super().account()
        self.left -= 1
        return replace(shown, equity=shown.equity - 7) if self._is_outdated("account") else shown

    def positions(self) -> tuple[Position, ...]:
        shown = super().positions()
        less = Decimal(7) if self._is_outdated("positions") else Decimal(0)
        return tuple(replace(each, market_price=each.market_price - less) for each in shown)

    def _is_outdated(self, what: str) -> bool:
        return self.what == what and self.left == 0


@pytest.mark.parametrize("look", [1, 2])
@pytest.mark.parametrize("what", ["account", "positions"])
def test_an_outdated_price_is_no_part_of_it(used: House, what: str, look: int) -> None:
    with used.desk("09:35") as desk:
        outdated = replace(desk, broker=Outdated(desk.broker, what, look), opened_on=None)
        opening = read_opening(outdated, open_run(outdated, Job.RECONCILE))
    assert opening.equity == 100_000
    assert [held.market_price for held in opening.positions] == [100]


def test_prices_that_never_agree_with_the_equity_keep_nobody_from_beginning(used: House) -> None:
    with used.desk("09:35") as desk:
        moving = replace(desk, broker=Unequal(desk.broker), opened_on=None)
        make_opening(moving, open_run(moving, Job.RECONCILE))
    assert [row["equity"] for row in stored(used)] == ["100007"]


class Unequal(Around):
    """Shows an equity that its own positions never come to."""

    def account(self) -> AccountSnapshot:
        shown = super().account()
        return replace(shown, equity=shown.equity + 7)
