"""Activities as real accounts are told them: without instants, late, twice, of unknown types, in more rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.alpaca.client import broker_of
from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.stories.real_account.at_alpaca import AtAlpaca, at_alpaca
from tradebot.core.model.account import CashKind
from tradebot.core.model.breaks import BreakKind
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.stop_outcome import StopOutcome
from tradebot.errors import BrokerUnavailable, ExitCode, UsageError
from tradebot.jobs import rebuild, reconcile_accept
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.runtime.emergency_stop import StopOptions, open_stop_desk

SECOND = date(2007, 1, 4)
#: Half a dollar a share, paid on the third session, and a commission on each order.
COSTS = {"PAPER_COMMISSION_PER_SHARE": "0.02"}
DAY = 86_400


def home(
    make_house: MakeHouse,
    *actions: str,
    bars: tuple[str, ...] = (FLAT,) * 14,
    settings: Mapping[str, str] | None = None,
) -> House:
    """A home that buys 50 ACME at 100 on its first session, with a stop at 90."""
    return make_house(Script(enter={"ACME": [SECOND]}), prices={"ACME": bars}, actions=actions, settings=settings)


def tell(account: AtAlpaca, **settings: Any) -> None:
    """Change how the server tells activities from now on; the specification does not allow all of it."""
    for name, value in settings.items():
        assert hasattr(account.fake.house.terms.telling, name)
        setattr(account.fake.house.terms.telling, name, value)


def goes_on(account: AtAlpaca, sessions: int = 1) -> Outcome:
    for _ in range(sessions):
        account.house.next()
        outcome = account.daily()
    return outcome


def breaks(account: AtAlpaca) -> list[tuple[BreakKind, str]]:
    with account.house.desk() as desk:
        return [(each.kind, each.symbol) for each in desk.ledger.halts_and_breaks.breaks()]


def differs_by(account: AtAlpaca) -> Decimal:
    """The cash that the broker shows beyond the ledger's."""
    with account.house.desk() as desk, account.house.by_hand() as broker:
        return broker.account().cash - (desk.ledger.books.cash() or Decimal(0))


def deposit(account: AtAlpaca, amount: int = 500) -> None:
    with account.exchange() as exchange, exchange.writing() as paper:
        paper.book.book_cash(CashKind.DEPOSIT, Decimal(amount), None, "by hand", paper.booking_time)


@pytest.mark.parametrize(
    "telling",
    [
        {"without": ("created_at",)},
        {"without": ("created_at", "date_of_nothing"), "date_only": True},
        {"twice": True},
        {"disordered": True},
        {"without": ("created_at",), "date_only": True, "twice": True, "disordered": True},
    ],
    ids=["no created_at", "a date only", "twice", "out of order", "all of it"],
)
def test_rows_that_lack_their_times_or_their_order_are_booked(make_house: MakeHouse, telling: dict[str, Any]) -> None:
    with at_alpaca(home(make_house, "ACME,2007-01-08,dividend,0.5", settings=COSTS)) as account:
        account.check_exits("09:30")  # makes the opening, of which an earlier deposit would be a part
        tell(account, **telling)
        deposit(account)
        account.check_exits("09:31")  # without its time the deposit counts as booked at the end of the day
        account.daily()
        account.check_exits("10:05")
        goes_on(account, 3)
        outcome = account.check_exits("10:05")
        assert not breaks(account) and differs_by(account) == 0
        assert not [note for note in outcome.notes if "unread" in note]
        with account.house.desk() as desk:
            assert desk.ledger.books.cash_flow(SECOND) == 500


def test_cash_of_a_type_that_nobody_knows_is_no_withdrawal_and_stays_a_difference(make_house: MakeHouse) -> None:
    with at_alpaca(home(make_house, settings=COSTS)) as account:
        tell(account, types={"FEE": "LEVY"})
        account.daily()
        outcome = account.check_exits("10:05")
        assert breaks(account) == [(BreakKind.CASH, "USD")]
        assert differs_by(account) == Decimal("-1")
        assert any("unread: -1 USD of 2007-01-04 are not booked: LEVY is no type" in note for note in outcome.notes)
        with account.house.desk() as desk:
            assert desk.ledger.books.cash_flow(SECOND) == 0
            assert [lot.symbol for lot in desk.ledger.books.lots()] == ["ACME"]
        account.fake.judge.forgive()


def test_cash_in_another_currency_is_not_booked_as_dollars(make_house: MakeHouse) -> None:
    with at_alpaca(home(make_house)) as account:
        account.daily()
        tell(account, currency="EUR")
        deposit(account)
        outcome = account.check_exits("10:05")
        assert differs_by(account) == 500
        assert any("500 EUR" in note for note in outcome.notes)


@pytest.mark.parametrize("days", [1, 9])
def test_rows_that_come_days_late_are_booked_when_they_come(make_house: MakeHouse, days: int) -> None:
    with at_alpaca(home(make_house)) as account:
        account.daily()
        account.house.next()
        deposit(account)
        tell(account, late={"CSD": days * DAY})
        account.daily()
        with account.house.by_hand() as broker:
            broker.submit(Requests().buy(1, symbol="ACME"))  # a newer activity
        account.check_exits("10:05")
        assert (BreakKind.CASH, "USD") in breaks(account)
        goes_on(account, days)
        account.check_exits("10:05")
        assert not breaks(account) and differs_by(account) == 0


def test_a_fill_that_comes_days_late_is_ours_when_it_comes(make_house: MakeHouse) -> None:
    """The entry fills, and nothing is told of it while fees and deposits are."""
    with at_alpaca(home(make_house)) as account:
        tell(account, late={"FILL": 2 * DAY})
        account.daily()
        deposit(account)
        account.check_exits("10:05")
        assert (BreakKind.QUANTITY, "ACME") in breaks(account) or (BreakKind.MISSING_HERE, "ACME") in breaks(account)
        goes_on(account, 3)
        account.check_exits("10:05")
        assert not breaks(account) and differs_by(account) == 0
        held = account.house.holding()
        assert held is not None and held.strategy == "scripted" and held.quantity == 50


def test_a_stop_s_fill_waits_for_its_order_and_the_rest_is_booked(make_house: MakeHouse) -> None:
    falls = (FLAT, FLAT, "100 101 85 88", *["88 89 87 88"] * 8)
    with at_alpaca(home(make_house, bars=falls)) as account:
        account.daily()
        account.house.next()
        tell(account, orders_after=4 * DAY)
        account.daily()
        deposit(account)
        account.house.passes("15:50")
        account.house.next()
        outcome = account.daily("09:31")
        assert any("does not show yet whose order" in note for note in outcome.notes)
        with account.house.desk() as desk:
            assert desk.ledger.books.cash_flow(account.house.days[2]) == 500
            assert [lot.strategy for lot in desk.ledger.books.lots()] == ["scripted"]
        tell(account, orders_after=0)
        account.check_exits("10:05")
        assert not breaks(account) and differs_by(account) == 0
        assert [row["strategy"] for row in account.house.rows("SELECT strategy FROM trades")] == ["scripted"]


def test_a_difference_is_not_accepted_while_its_fill_waits(make_house: MakeHouse) -> None:
    """The fill would be booked on top of the adjustment."""
    with at_alpaca(home(make_house)) as account:
        tell(account, late={"FILL": 2 * DAY})
        account.daily()
        tell(account, late={}, orders_after=2 * DAY)
        account.check_exits("10:05")
        with account.house.desk() as desk, pytest.raises(UsageError, match="does not show yet whose order"):
            reconcile_accept.run(replace(desk, broker=broker_of(account.fake)), "ACME", "they are mine")
        assert account.house.rows("SELECT * FROM adjustments WHERE symbol = 'ACME'") == []


def test_no_ledger_is_made_anew_while_a_fill_waits(make_house: MakeHouse) -> None:
    """Its shares would be taken for somebody else's, and booked once more when it is shown."""
    with at_alpaca(home(make_house)) as account:
        account.house.passes("09:35")
        with account.house.by_hand() as broker:
            broker.submit(Requests().buy(1, symbol="ACME"))
        tell(account, orders_after=2 * DAY)
        with account.house.desk() as desk, pytest.raises(BrokerUnavailable, match=r"No ledger was made: fill .* waits"):
            rebuild.run(replace(desk, broker=broker_of(account.fake)), rebuild.PreviousFiles(), "")
        assert account.house.rows("SELECT * FROM fills") == []


def stopped(account: AtAlpaca) -> StopOutcome:
    """An emergency stop that closes what is ours."""
    with open_stop_desk(account.house.options, StopOptions("a drill")) as (desk, _, _):
        return emergency_stop.run(replace(desk, broker=broker_of(account.fake)), close_positions=True)


def test_an_emergency_stop_closes_shares_whose_fill_came_late(make_house: MakeHouse) -> None:
    with at_alpaca(home(make_house)) as account:
        tell(account, late={"FILL": 2 * DAY})
        account.daily()
        deposit(account)
        account.check_exits("10:05")
        assert account.house.holding() is None
        tell(account, late={})
        outcome = stopped(account)
        assert outcome.exit_code is ExitCode.OK, outcome
        assert account.house.positions() == {}


def test_an_emergency_stop_is_not_over_while_a_fill_waits_for_its_order(make_house: MakeHouse) -> None:
    with at_alpaca(home(make_house)) as account:
        tell(account, late={"FILL": 2 * DAY})
        account.daily()
        tell(account, late={}, orders_after=2 * DAY)
        outcome = stopped(account)
        assert outcome.exit_code is not ExitCode.OK
        assert any("does not show yet whose order" in failure.message for failure in outcome.failures)


#: Of 51 shares five are left, and the tenth of one is paid for.
TEN_FOR_ONE = (*["97 98 96 97"] * 3, *["970 980 960 970"] * 7)
LATE = [{}, {"SPLIT+": 3600}, {"CIL": 3600}, {"SPLIT+": 3600, "CIL": 3600}]


@pytest.mark.parametrize("late", LATE, ids=["in one read", "new shares later", "cash later", "old shares first"])
def test_a_reverse_split_told_in_three_rows_is_booked_once(make_house: MakeHouse, late: dict[str, float]) -> None:
    with at_alpaca(home(make_house, "ACME,2007-01-08,split,0.1", bars=TEN_FOR_ONE)) as account:
        account.daily()
        goes_on(account)
        tell(account, three_rows=True, late=late)
        account.house.next()
        account.daily("09:35")
        account.check_exits("10:05")
        tell(account, late={})
        account.check_exits("11:05")
        account.check_exits("11:10")
        assert not breaks(account) and differs_by(account) == 0
        with account.house.desk() as desk:
            assert [lot.quantity for lot in desk.ledger.books.lots()] == [5]
        assert account.house.stops() == [(Decimal(5), Decimal(873))]
        assert [row["side"] for row in account.house.rows("SELECT side FROM fills")] == ["buy"]
