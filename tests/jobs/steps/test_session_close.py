"""The equity at a close is that of the closing prices, whichever job saw it, and never a look at another hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import cast

import pytest

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.core.accounting.bridge import Bridge
from tradebot.core.accounting.cash_flows import flows_by_session
from tradebot.core.model.account import AccountSnapshot, Activity, CashEvent, CashKind
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.schedule import Job
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.jobs import report, run_daily
from tradebot.jobs.steps.equity_bridge import bridge_ends, equity_bridge
from tradebot.ports import MarketData

FIRST, SECOND, THIRD, FOURTH = date(2007, 1, 3), date(2007, 1, 4), date(2007, 1, 5), date(2007, 1, 8)
#: Opens and closes differ, so that a look in the morning shows another equity than the close.
PRICES = {"ACME": [FLAT, "100 104 99 103", "101 103 100 102", FLAT, FLAT]}


def traded_in_the_morning(make_house: MakeHouse) -> House:
    """Two sessions in which only run-daily ran, at 09:35; 100 ACME were bought at 100 in the first."""
    house = make_house(Script(enter={"ACME": [SECOND]}), prices=PRICES, first=FIRST)
    house.daily()
    house.next()
    house.daily()
    return house


def told(house: House, at: str = "16:15") -> tuple[ReportOutcome, Bridge]:
    with house.desk(at) as desk:
        outcome = report.run(desk, AskedPeriod(Period.DAY))
    assert outcome.bridge is not None
    return outcome, outcome.bridge


def by_hand(house: House, side: Side, at: str) -> None:
    """Trade 50 BOLT without tradebot."""
    house.passes(at)
    with house.by_hand() as broker:
        broker.submit(OrderRequest(f"by-hand-{side}", "BOLT", side, Decimal(50), OrderType.MARKET, TimeInForce.DAY))


def test_the_change_of_a_day_is_that_between_closes(make_house: MakeHouse) -> None:
    outcome, bridge = told(traded_in_the_morning(make_house))
    shares = Decimal(outcome.positions[0].quantity)
    assert (bridge.change, bridge.not_explained) == (-shares, Decimal(0))
    assert (bridge.is_opening_close, bridge.is_closing_close) == (True, True)
    assert [point.equity - 100_000 for point in outcome.equity] == [3 * shares, 2 * shares]


def test_before_the_close_the_equity_is_marked_with_its_time(make_house: MakeHouse) -> None:
    house = traded_in_the_morning(make_house)
    _, bridge = told(house, "11:00")
    assert (bridge.is_opening_close, bridge.is_closing_close) == (True, False)
    assert f"{bridge.closed_at:%H:%M}" == "16:00"  # 11:00 in New York


def test_a_close_keeps_the_prices_of_what_was_held(make_house: MakeHouse) -> None:
    house = traded_in_the_morning(make_house)
    with house.desk("16:15") as desk:
        stored = {close.session: close for close in desk.ledger.closes.between()}
    assert set(stored) == {SECOND}
    assert (stored[SECOND].source, stored[SECOND].prices) == ("broker", {"ACME": Decimal(103)})
    house.run(Job.RECONCILE)
    with house.desk() as desk:
        close = desk.ledger.closes.of_session(THIRD)
        assert close is not None
        assert (close.source, close.prices) == ("prices", {"ACME": Decimal(102)})
        assert close.long_value == sum(each.market_value for each in desk.broker.positions())


def test_what_filled_after_the_last_job_of_a_session_is_at_its_close(make_house: MakeHouse) -> None:
    """A report that comes before the fill is booked leaves the close to the job that books it."""
    house = make_house(Script(enter={"ACME": [SECOND]}), prices={**PRICES, "BOLT": PRICES["ACME"]}, first=FIRST)
    house.daily()
    by_hand(house, Side.BUY, "15:00")
    house.next()
    told(house, "09:31")
    house.daily()
    with house.desk() as desk:
        bridge = equity_bridge(desk.ledger, bridge_ends(desk.ledger, desk.calendar, SECOND, SECOND))
        close = desk.ledger.closes.of_session(SECOND)
    assert bridge is not None
    assert (bridge.is_closing_close, bridge.not_explained, bridge.notes) == (True, Decimal(0), ())
    assert close is not None
    assert close.cash + close.long_value == close.equity


def test_a_close_is_not_stored_while_the_broker_shows_the_one_before(make_house: MakeHouse) -> None:
    class AtNight(Around):
        def account(self) -> AccountSnapshot:
            return replace(super().account(), last_equity=Decimal(1), last_equity_of=FIRST)

    house = make_house(Script(enter={"ACME": [SECOND]}), prices=PRICES, first=FIRST)
    house.daily()
    house.next()
    for wrap, expected in ((AtNight, None), (None, Decimal(100_150))):
        house.check_exits("09:31", wrap)
        with house.desk() as desk:
            close = desk.ledger.closes.of_session(SECOND)
        assert (close and close.equity) == expected


def test_no_stop_waits_for_the_prices_of_a_close(make_house: MakeHouse) -> None:
    """BOLT is sold by hand after the close that is to be stored, so that its price has to be asked for."""
    house = make_house(Script(enter={"ACME": [SECOND]}), prices={**PRICES, "BOLT": PRICES["ACME"]}, first=FIRST)
    house.daily()
    by_hand(house, Side.BUY, "10:00")
    house.next()
    by_hand(house, Side.SELL, "09:31")
    with house.by_hand() as broker:
        broker.cancel(house.open_orders("ACME")[0].broker_order_id)
    stops: list[int] = []

    class Watched:
        def __init__(self, market: MarketData) -> None:
            self._market = market

        def __getattr__(self, name: str) -> object:
            if name == "closes":
                stops.append(len(house.stops("ACME")))
            return getattr(self._market, name)

    with house.desk("09:35") as desk:
        run_daily.run(replace(desk, market=cast("MarketData", Watched(desk.market))))
    assert stops == [1]


def test_what_the_two_sessions_earned_is_explained(make_house: MakeHouse) -> None:
    _, bridge = told(traded_two_sessions(make_house))
    assert (bridge.opened_at.date(), bridge.closed_at.date()) == (FRIDAY, MONDAY)
    assert (bridge.realised, bridge.unrealised, bridge.not_explained) == (Decimal(500), Decimal(150), Decimal(0))


class ByDate(Around):
    """Tells cash with a date alone: as of the end of its day."""

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(
            replace(each, at=new_york_instant(each.session, time.max)) if isinstance(each, CashEvent) else each
            for each in super().activities(after)
        )


def paid(house: House, at: str, **amounts: str) -> None:
    """Cash of these kinds moves."""
    house.passes(at)
    with house.exchange() as exchange, exchange.writing() as view:
        for kind, amount in amounts.items():
            view.book.book_cash(CashKind(kind), Decimal(amount), None, "by hand", view.booking_time)


def days(house: House, *sessions: date) -> list[Bridge]:
    with house.desk() as desk:
        found = [equity_bridge(desk.ledger, bridge_ends(desk.ledger, desk.calendar, each, each)) for each in sessions]
    return [each for each in found if each is not None]


@pytest.mark.parametrize(
    ("at", "sessions_later"), [("16:02", 1), ("15:00", 0), ("16:02 told", 1)], ids=["after", "before", "reported"]
)
def test_money_that_moves_after_the_close_is_not_in_it(make_house: MakeHouse, at: str, sessions_later: int) -> None:
    """Whether reconcile books it before the close is stored, or a report comes first."""
    house = make_house(Script(enter={"ACME": [SECOND]}), prices=PRICES, first=FIRST)
    house.daily()
    paid(house, at[:5], deposit="15000", fee="-2.50")
    if at.endswith("told"):
        told(house, "16:03")
    house.reconcile("16:05")
    house.next()
    house.daily()
    house.reconcile("16:05")
    found = days(house, SECOND, THIRD)
    assert [each.not_explained for each in found] == [0, 0]
    assert [(each.paid_in, each.fees > 1) for each in found][sessions_later] == (Decimal(15000), True)
    assert found[1 - sessions_later].paid_in == 0
    with house.desk() as desk:
        month = report.run(desk, AskedPeriod(Period.MONTH))
    flows = flows_by_session(month.equity, month.cash_events)
    assert {event.session for event in month.cash_events} == {SECOND}
    assert flows == {(SECOND, THIRD)[sessions_later]: Decimal(15000)}


@pytest.mark.parametrize("first_look", ["15:45", "16:05", "in the next session"])
def test_cash_with_a_date_alone_counts_from_when_it_was_seen(make_house: MakeHouse, first_look: str) -> None:
    """Each day is explained, whether the broker's own closing equity has the dividend or not."""
    house = make_house(Script(enter={"ACME": [SECOND]}), prices=PRICES, first=FIRST)
    house.daily()
    paid(house, "11:00", dividend="7.25", deposit="1000")
    if first_look != "in the next session":
        house.run(Job.CHECK_EXITS if first_look == "15:45" else Job.RECONCILE, first_look, ByDate)
    house.next()
    house.daily(wrap=ByDate)
    house.reconcile(wrap=ByDate)
    second, third = days(house, SECOND, THIRD)
    assert second.not_explained == third.not_explained == 0
    counted, other = (second, third) if first_look == "15:45" else (third, second)
    assert (counted.dividends, counted.paid_in) == (Decimal("7.25"), Decimal(1000))
    assert other.dividends == other.paid_in == 0


def test_a_fill_that_is_busted_after_the_close_was_in_it(make_house: MakeHouse) -> None:
    """The broker has no price any more for what the bust took away."""
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}), prices=PRICES, first=FIRST)
    house.daily()
    house.reconcile("16:05")
    house.next()
    house.daily()
    house.reconcile("16:05")
    house.next()
    house.passes("10:00")
    (sale,) = (row["fill_id"] for row in house.rows("SELECT fill_id FROM fills WHERE side = 'sell'"))
    with house.exchange() as exchange:
        exchange.bust(sale)
    house.check_exits("10:30")
    house.reconcile()
    assert [each.not_explained for each in days(house, SECOND, THIRD, FOURTH)] == [0, 0, 0]


def test_a_split_does_not_change_the_close_before_it(make_house: MakeHouse) -> None:
    """As many shares are sold as the split brought, so that their number is that of the close."""
    house = make_house(
        Script(enter={"ACME": [SECOND]}),
        prices={"ACME": [FLAT, "100 104 99 103", "51 52 50 51", FLAT]},
        actions=(f"ACME,{THIRD},split,2",),
        first=FIRST,
    )
    house.daily()
    house.next()
    house.passes("09:31")
    with house.by_hand() as broker:
        broker.cancel(house.open_orders("ACME")[0].broker_order_id)
        half = broker.positions()[0].quantity / 2
        broker.submit(OrderRequest("by-hand", "ACME", Side.SELL, half, OrderType.MARKET, TimeInForce.DAY))
    house.check_exits("10:30")
    with house.desk() as desk:
        close = desk.ledger.closes.of_session(SECOND)
    assert close is not None
    assert close.prices == {"ACME": Decimal(103)}
    assert days(house, SECOND)[0].not_explained == 0


def test_money_that_is_told_late_leaves_the_close_to_the_next_session(make_house: MakeHouse) -> None:
    """Reconcile finds a difference and cannot know whether it is from before the close."""

    class Late(Around):
        def activities(self, after: str | None) -> tuple[Activity, ...]:
            return tuple(each for each in super().activities(after) if not isinstance(each, CashEvent))

    house = make_house(Script(enter={"ACME": [SECOND]}), prices=PRICES, first=FIRST)
    house.daily()
    paid(house, "16:02", withdrawal="-144.04")
    house.reconcile("16:05", Late)
    with house.desk() as desk:
        assert desk.ledger.closes.of_session(SECOND) is None
    house.next()
    house.daily()
    house.reconcile()
    second, third = days(house, SECOND, THIRD)
    assert second.not_explained == third.not_explained == 0
    assert (second.paid_out, third.paid_out) == (Decimal(0), Decimal("144.04"))
