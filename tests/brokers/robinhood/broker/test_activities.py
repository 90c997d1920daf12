"""Activities from many lists: once each, in order, after a cursor, and late ones too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.robinhood.conftest import Desk, MakeDesk
from tests.fakes.orders import Requests
from tests.fakes.robinhood import Terms
from tests.fakes.wire.faults import Kind
from tradebot.core.model.account import (
    ActionKind,
    Activity,
    CashEvent,
    CashKind,
    CorporateAction,
    Fill,
    SplitEvent,
    id_of,
)
from tradebot.core.model.orders import TimeInForce
from tradebot.errors import BrokerUnavailable

make = Requests()
DAYS = ("100 101 99 100",) * 3
SECOND, THIRD = date(2007, 1, 5), date(2007, 1, 8)
LISTS = 7  # of payments


def bought(desk: Desk, quantity: int = 10) -> None:
    desk.broker.submit(make.buy(quantity, limit="101", tif=TimeInForce.DAY))


def new(desk: Desk, seen: tuple[Activity, ...]) -> tuple[Activity, ...]:
    return desk.broker.activities(id_of(seen[-1]))


def test_a_split_and_a_dividend_of_a_holding_are_told_in_order(robinhood: MakeDesk) -> None:
    split = CorporateAction("ACME", SECOND, ActionKind.SPLIT, Decimal(2))
    dividend = CorporateAction("ACME", THIRD, ActionKind.DIVIDEND, Decimal("0.5"))
    desk = robinhood("100 101 99 100", "50 51 49 50", "50 51 49 50", actions=(split, dividend))
    bought(desk)
    before = desk.broker.activities(None)
    desk.pit.next("09:35")
    desk.pit.next("09:35")
    told = new(desk, before)
    assert [type(activity) for activity in told] == [SplitEvent, CashEvent]
    assert isinstance(told[0], SplitEvent) and isinstance(told[1], CashEvent)
    assert (told[0].symbol, told[0].ratio, told[0].quantity_after) == ("ACME", Decimal(2), Decimal(20))
    assert (told[1].kind, told[1].amount, told[1].symbol) == (CashKind.DIVIDEND, Decimal(10), "ACME")
    assert desk.broker.account().cash == 100_000 - 1000 + 10


def test_a_fill_has_the_symbol_of_today_as_the_position_has(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    bought(desk)
    seen = desk.broker.activities(None)
    desk.pit.next("09:35")
    desk.fake.house.terms.renames = {"ACME": "NEWA"}
    desk.pit.sell(4)
    later = desk.command()
    (fill,) = later.activities(id_of(seen[-1]))
    assert isinstance(fill, Fill)
    (position,) = later.positions()
    assert (fill.symbol, position.symbol, position.quantity) == ("NEWA", "NEWA", Decimal(6))


def test_an_execution_that_is_told_late_is_found(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    bought(desk)
    first = desk.broker.activities(None)
    desk.pit.at("15:45")
    bought(desk)
    everything = desk.broker.activities(None)
    late = everything[-1]
    assert len(everything) == len(first) + 1
    known = {id_of(activity) for activity in first}
    desk.pit.next("09:35")
    bought(desk)
    cursor = id_of(desk.broker.activities(None)[-1])
    assert desk.broker.activities(cursor) == ()
    assert desk.broker.late_activities(cursor, lambda identifier: identifier in known | {cursor}) == (late,)
    assert desk.broker.late_activities(cursor, lambda identifier: True) == ()


def test_lists_of_payments_are_read_again_when_the_cash_has_changed_or_a_minute_later(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    seen = desk.broker.activities(None)
    desk.broker.account()
    desk.forget()
    new(desk, seen)
    assert len(desk.asked) == 1 + LISTS, "the cash was never looked at before"
    for _ in range(3):
        desk.broker.account()
        new(desk, seen)
    assert desk.asked.count("GET /dividends/") == 1
    bought(desk)
    desk.broker.account()
    new(desk, seen)
    assert desk.asked.count("GET /dividends/") == 2
    desk.pit.at("15:45")
    new(desk, seen)
    assert desk.asked.count("GET /dividends/") == 3


@pytest.mark.parametrize("path", ["/orders/", "/dividends/", "/corp_actions/", "/paymenthub/", "/accounts/sweeps/"])
@pytest.mark.parametrize("kind", [Kind.SERVER_ERROR, Kind.TRUNCATED, Kind.PAGE])
def test_a_list_that_fails_is_a_failed_read(robinhood: MakeDesk, path: str, kind: Kind) -> None:
    desk = robinhood()
    desk.fake.strike(kind, path=path, times=9)
    with pytest.raises(BrokerUnavailable):
        desk.broker.activities(None)


def test_a_list_that_not_every_account_has_may_be_refused_and_the_others_not(robinhood: MakeDesk) -> None:
    desk = robinhood()
    desk.fake.strike(Kind.FORBIDDEN, path="/subscription/", times=1)
    assert len(desk.broker.activities(None)) == 1
    desk.fake.strike(Kind.FORBIDDEN, path="/dividends/", times=1)
    with pytest.raises(BrokerUnavailable):
        desk.command().activities(None)


def test_a_cursor_of_another_broker_is_refused(robinhood: MakeDesk) -> None:
    with pytest.raises(BrokerUnavailable, match="no activity of a Robinhood account"):
        robinhood().broker.activities("20220202135509981::045b3b8d-c566-4bef-b741-2bf598dd6ae7")


def test_a_list_is_read_no_further_back_than_it_matters(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS, terms=Terms(page_rows=1))
    for _ in range(3):
        bought(desk)
    seen = desk.broker.activities(None)
    desk.forget()
    assert new(desk, seen) == ()
    assert desk.asked.count("GET /orders/") == 3


def test_what_was_paid_in_is_told_by_day(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    clock = desk.broker.clock()
    assert clock.today is not None and clock.previous is not None
    days = desk.broker.days(clock.previous.session, clock.today.session)
    assert [(day.session, day.equity, day.paid_in) for day in days] == [
        (clock.previous.session, Decimal(100_000), Decimal(0)),
        (clock.today.session, Decimal(100_000), Decimal(0)),
    ]
    assert desk.broker.days(clock.today.session, clock.today.session) == days[1:]


def test_an_order_placed_in_the_app_is_a_fill_of_somebody_else(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    desk.pit.buy(3, client_id="by-hand")
    (fill,) = (each for each in desk.broker.activities(None) if isinstance(each, Fill))
    assert (fill.client_order_id, fill.quantity, fill.symbol) == ("", Decimal(3), "ACME")


def bend(desk: Desk, path: str, change: Any) -> None:
    """Tells every row of a list as ``change`` makes it."""
    honest = desk.fake.process

    def bent(arrival: Any, exchange: Any = None) -> Any:
        answer = honest(arrival, exchange)
        if arrival.path == path and answer.body:
            answer.body["results"] = [change(row) for row in answer.body["results"]]
        return answer

    desk.fake.process = bent  # type: ignore[method-assign]


def test_a_row_that_cannot_be_read_is_told_and_moves_nothing(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    bend(desk, "/paymenthub/unified_transfers/", lambda row: {**row, "amount": "much"})
    assert desk.broker.activities(None) == ()
    (unread,) = desk.broker.unread_activities()
    assert "answered 'much' for amount of a transfer" in unread.why
    assert not unread.waits


def test_a_reinvested_dividend_is_cash_and_a_purchase_of_somebody_else(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    desk.pit.buy("0.25", tif=TimeInForce.DAY, client_id="robinhood's own")
    bend(desk, "/orders/", lambda row: {**row, "drip_dividend_id": "d1", "ref_id": None})
    (fill,) = (each for each in desk.broker.activities(None) if isinstance(each, Fill))
    assert (fill.client_order_id, fill.quantity) == ("", Decimal("0.25"))
