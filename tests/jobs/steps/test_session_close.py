"""The equity at a close is that of the closing prices, whichever job saw it, and never a look at another hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import cast

from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.core.accounting.bridge import Bridge
from tradebot.core.model.account import AccountSnapshot
from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.schedule import Job
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.jobs import report, run_daily
from tradebot.jobs.steps.equity_bridge import bridge_ends, equity_bridge
from tradebot.ports import MarketData

FIRST, SECOND, THIRD = date(2007, 1, 3), date(2007, 1, 4), date(2007, 1, 5)
#: Opens and closes differ, so that a look in the morning shows another equity than the close.
PRICES = {"ACME": [FLAT, "100 104 99 103", "101 103 100 102", FLAT]}


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
