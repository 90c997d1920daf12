"""A session passes: what fills when, at what price, stamped with which instant; what expires, what stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE
from tests.fakes.prices import made, sessions
from tradebot.brokers.paper import Phase
from tradebot.core.model.account import Fill
from tradebot.core.model.orders import OrderState, TimeInForce
from tradebot.errors import ConfigError

DAY, GTC = TimeInForce.DAY, TimeInForce.GTC
FIRST, SECOND, THIRD = sessions(3)


def test_the_exchange_begins_at_four_in_the_morning_of_its_first_session(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    assert world.exchange.session() == FIRST
    assert world.exchange.now() == datetime(2007, 1, 3, 9, 0, tzinfo=UTC)  # 04:00 in New York
    assert world.exchange.status().phase is Phase.PRE_OPEN


@pytest.mark.parametrize(
    ("clock", "last", "phase", "is_open"),
    [
        ("09:29", "90", Phase.PRE_OPEN, False),
        ("09:30", "100", Phase.OPEN, True),
        ("09:35", "100", Phase.OPEN, True),
        ("09:35:01", "101", Phase.RESOLVED, True),
        ("15:59", "101", Phase.RESOLVED, True),
        ("16:00", "101", Phase.CLOSED, False),
        ("20:00", "101", Phase.CLOSED, False),
    ],
)
def test_each_phase_shows_its_own_last_price(pit: OpenPit, clock: str, last: str, phase: Phase, is_open: bool) -> None:
    world = pit(made({"ACME": ["88 92 87 90", "100 105 95 101"]}))
    world.next(clock)
    quote = world.exchange.quotes(["ACME"])["ACME"]
    assert quote.last == Decimal(last)
    assert quote.previous_close == 90
    assert world.exchange.status().phase is phase
    assert world.broker.clock().is_open is is_open


@pytest.mark.parametrize(
    ("sent", "terms", "fills_at"),
    [
        # previous close 90; the day: open 100, high 105, low 95, close 101
        ("09:00", {}, "100"),
        ("09:30", {}, "100"),
        ("09:35", {}, "100"),
        ("09:36", {}, "101"),
        ("15:59", {}, "101"),
        ("16:00", {}, "110"),  # queues for the next open
        ("09:00", {"limit": "102"}, "100"),
        ("09:00", {"limit": "97"}, "97"),
        ("09:35", {"limit": "97"}, "97"),
        ("09:36", {"limit": "97"}, None),  # the bar has been used
        ("09:36", {"limit": "102"}, "101"),
        ("09:00", {"stop": "98"}, "100"),  # the open gaps through it
        ("09:00", {"stop": "103"}, "103"),
        ("09:35", {"stop": "103"}, "103"),
        ("09:36", {"stop": "103"}, "110"),
        ("09:36", {"stop": "101"}, "101"),
        ("09:35", {"stop": "103", "limit": "104"}, "103"),
        ("09:35", {"stop": "103", "limit": "102"}, None),
    ],
)
def test_a_buy_fills_by_when_it_was_sent(pit: OpenPit, sent: str, terms: dict[str, str], fills_at: str | None) -> None:
    world = pit(made({"ACME": ["88 92 87 90", "100 105 95 101", "110 112 108 111"]}))
    world.next(sent)
    world.buy(10, **terms)
    world.at("20:00")
    world.next("09:30")
    assert world.fills() == ([] if fills_at is None else [("c1", "10", fills_at)])


@pytest.mark.parametrize(
    ("sent", "terms", "fills_at"),
    [
        ("09:00", {"stop": "92"}, "88"),  # gaps through at the open
        ("09:00", {"stop": "86"}, "86"),
        ("09:00", {"stop": "84"}, None),
        ("09:00", {"limit": "87"}, "88"),  # gaps in its favour
        ("09:00", {"limit": "89"}, "89"),
        ("09:00", {"limit": "91"}, None),
        ("09:35", {"stop": "86"}, "86"),
        ("15:45", {"stop": "86"}, None),  # the day's low is over
        ("15:45", {"stop": "87"}, "87"),
        ("15:45", {}, "87"),
        ("09:00", {"stop": "86", "limit": "85.5"}, "86"),
        ("09:00", {"stop": "92", "limit": "89"}, "89"),  # gapped below its limit, came back to it
        ("09:00", {"stop": "95", "limit": "91"}, None),
    ],
)
def test_a_sale_fills_by_when_it_was_sent(pit: OpenPit, sent: str, terms: dict[str, str], fills_at: str | None) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "88 90 85 87"]}))
    world.at("09:30")
    world.buy(10, limit="100")
    world.next(sent)
    world.sell(10, **terms)
    world.at("16:00")
    assert world.fills()[1:] == ([] if fills_at is None else [("c2", "10", fills_at)])


def test_fills_are_stamped_with_the_exchange_s_time(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    world.buy(1, limit="100")
    world.at("09:35")
    world.buy(1)
    world.buy(1, limit="96")
    world.at("11:00")
    world.buy(1)
    stamps = [done.at for done in world.happened() if isinstance(done, Fill)]
    assert stamps == [datetime(2007, 1, 3, *clock, tzinfo=UTC) for clock in [(14, 30), (14, 35), (16, 0), (16, 0)]]


def test_what_filled_during_the_day_is_not_stamped_after_its_close(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    world.buy(1, limit="96")
    world.at("18:00")
    (fill,) = world.happened()
    assert fill.at == datetime(2007, 1, 3, 21, 0, tzinfo=UTC)


def test_cancelling_a_stop_late_in_the_day_does_not_dodge_the_low(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 90 100"]}))
    world.at("09:35")
    world.buy(10)
    stop = world.sell(10, stop="95")
    world.at("15:45")
    assert world.order("c2").state is OrderState.FILLED
    with pytest.raises(Exception, match="already in"):
        world.broker.cancel(stop.broker_order_id)


def test_the_range_is_used_once(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 100"]}))
    world.at("09:35")
    world.buy(10)
    world.at("09:45")
    world.sell(10, stop="96")
    world.at("15:45")
    world.at("16:00")
    assert world.held() == 10


def test_day_orders_expire_at_the_close_and_gtc_orders_stay(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "100 101 99 100"]}))
    world.buy(1, limit="90", tif=DAY)
    world.buy(1, limit="90", tif=GTC)
    world.at("15:59")
    assert len(world.broker.open_orders()) == 2
    world.at("16:00")
    assert [order.client_order_id for order in world.broker.open_orders()] == ["c2"]
    assert world.order("c1").state is OrderState.EXPIRED


def test_a_day_order_sent_after_the_close_belongs_to_the_next_session(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "100 101 99 100"]}))
    world.at("17:00")
    world.buy(1, limit="90", tif=DAY)
    world.next("15:00")
    assert world.order("c1").state is OrderState.ACCEPTED
    world.at("16:00")
    assert world.order("c1").state is OrderState.EXPIRED


def test_a_half_day_closes_at_one(pit: OpenPit) -> None:
    half_day = date(2007, 7, 3)
    world = pit(made({"ACME": ["100 101 99 100", "100 101 99 100"]}, first=half_day))
    world.buy(1, limit="90", tif=DAY)
    world.at("12:59")
    assert world.order("c1").state is OrderState.ACCEPTED
    world.at("13:00")
    assert world.order("c1").state is OrderState.EXPIRED
    assert not world.broker.clock().is_open
    assert world.broker.clock().upcoming is not None


def test_a_date_that_the_calendar_does_not_know_has_usual_hours(pit: OpenPit) -> None:
    saturday = date(2007, 1, 6)
    world = pit(made({"ACME": ["100 105 95 101", "101 102 100 101"]}, first=saturday))
    world.at("15:59")
    assert world.broker.clock().is_open
    world.at("16:00")
    assert not world.broker.clock().is_open


def test_summer_time_moves_the_open_in_utc(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"] * 2}, first=date(2007, 3, 9)))  # clocks change on the 11th
    winter = world.exchange.hours().opens
    world.next()
    assert (winter.hour, world.exchange.hours().opens.hour) == (14, 13)


def test_the_clock_never_goes_back_and_never_leaves_the_session(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"] * 2}))
    world.at("11:00")
    world.at("09:35")
    assert world.exchange.now() == datetime(2007, 1, 3, 16, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        world.exchange.advance_to(datetime(2007, 1, 3, 16, 0))  # noqa: DTZ001
    with pytest.raises(ValueError, match="outside the session"):
        world.exchange.advance_to(datetime(2007, 1, 4, 16, 0, tzinfo=UTC))


def test_the_next_session_lets_the_one_before_pass_to_its_close(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101", "101 102 100 101"]}))
    world.buy(10, limit="100", tif=DAY)
    world.next()
    assert world.fills() == [("c1", "10", "100")]
    assert world.broker.account().last_equity == Decimal(100_010)


def test_the_end_of_the_data_is_said_clearly_and_changes_nothing(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    world.at("10:00")
    with pytest.raises(ConfigError, match=r"last session, 2007-01-03.*paper reset"):
        world.exchange.next_session()
    assert world.exchange.now() == datetime(2007, 1, 3, 15, 0, tzinfo=UTC)


def test_a_symbol_that_stops_trading_keeps_its_last_price_and_its_orders_wait(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101", None, None, "50 51 49 50"], "OTHER": ["10 11 9 10"] * 4}))
    world.at("09:35")
    world.buy(10)
    world.next("09:35")
    assert world.exchange.quotes(["ACME"])["ACME"].last == 101
    assert world.held() == 10
    assert not world.broker.assets(["ACME"])["ACME"].tradable
    world.sell(10, tif=GTC)
    world.next("16:00")
    assert world.order("c2").state is OrderState.ACCEPTED
    assert world.broker.account().equity == Decimal(100_010)
    world.next("09:30")
    assert world.fills()[-1] == ("c2", "10", "50")


def test_a_symbol_is_unknown_before_it_is_listed(pit: OpenPit) -> None:
    world = pit(made({"NEW": [None, "20 21 19 20"], "OTHER": ["10 11 9 10"] * 2}))
    world.at("09:35")
    assert world.broker.assets(["NEW", "OTHER", "NONE"]).keys() == {"OTHER"}
    assert "NEW" not in world.exchange.quotes(["NEW", "NONE"])
    world.next()
    assert world.broker.assets(["NEW"])["NEW"].tradable
    assert "NEW" not in world.exchange.quotes(["NEW"])
    world.at("09:30")
    assert world.exchange.quotes(["NEW"])["NEW"].last == 20


def test_sessions_follow_the_wall_calendar_when_asked(pit: OpenPit) -> None:
    exchange = pit(made({"ACME": ["100 105 95 101"] * 3})).exchange
    assert exchange.begin_daily(date(2026, 7, 3)) is False  # the fourth is a Saturday, so this is a holiday
    assert exchange.begin_daily(date(2026, 7, 6)) is False  # its untouched first session
    assert exchange.session() == FIRST
    assert exchange.begin_daily(date(2026, 7, 6)) is False
    assert exchange.begin_daily(date(2026, 7, 7)) is True
    assert exchange.session() == SECOND
    assert exchange.begin_daily(date(2026, 7, 6)) is False
    assert exchange.begin_daily(date(2026, 7, 7)) is False
    assert exchange.begin_daily(date(2026, 7, 11)) is False  # Saturday
    assert exchange.begin_daily(date(2026, 7, 20)) is True
    assert exchange.session() == THIRD


def test_a_session_that_was_traded_by_hand_is_not_taken_for_the_day_s(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"] * 3}))
    world.at("10:00")
    assert world.exchange.begin_daily(date(2026, 7, 6)) is True
    assert world.exchange.session() == SECOND


def test_a_share_of_the_volume_bounds_what_fills(pit: OpenPit) -> None:
    rules = replace(FREE, max_fill_volume_pct=Decimal("0.1"))
    world = pit(made({"ACME": ["100 105 95 101 1000", "102 103 101 102 500"]}), rules)
    world.at("09:35")
    world.buy(120, tif=GTC)
    world.buy(50, tif=DAY)
    assert world.order("c1").state is OrderState.PARTIALLY_FILLED
    assert world.order("c1").filled_quantity == 100
    world.at("16:00")
    assert world.order("c2").state is OrderState.EXPIRED
    world.next("09:30")
    assert world.order("c1").state is OrderState.FILLED
    assert world.order("c1").average_fill_price == Decimal("100.333333")
    assert world.fills() == [("c1", "100", "100"), ("c1", "20", "102")]
