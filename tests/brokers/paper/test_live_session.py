"""Sessions at live prices: what fills when, at what price and dated how, at a look and between two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.brokers.paper.conftest import OpenLivePit
from tests.fakes.pit import FREE
from tests.fakes.pit import decimals as of
from tradebot.core.model.account import ActionKind, CashEvent, SplitEvent
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.orders import OrderState, TimeInForce

DAY, GTC = TimeInForce.DAY, TimeInForce.GTC
WED, THU, FRI, MON = "2007-01-03", "2007-01-04", "2007-01-05", "2007-01-08"


def test_an_order_is_filled_at_the_quote_of_the_moment(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 09:36 101, 09:36:30 102"})
    world.at(f"{WED} 09:36:10")
    world.buy(10)
    assert world.fills() == ["c1 10 101 01-03 09:36"]
    assert world.broker.positions()[0].market_price == 101
    world.at(f"{WED} 09:37")
    assert world.broker.positions()[0].market_price == 102
    assert world.broker.account().equity == 100_010


@pytest.mark.parametrize(("limit", "filled_at"), [("101", "101"), ("102", "101"), ("100.5", None)])
def test_a_limit_fills_when_the_price_is_through_and_not_before(
    live: OpenLivePit, limit: str, filled_at: str | None
) -> None:
    world = live({WED: "09:30 100, 09:36 101"})
    world.at(f"{WED} 09:36:10")
    world.buy(10, limit=limit, tif=DAY)
    assert world.fills() == ([] if filled_at is None else [f"c1 10 {filled_at} 01-03 09:36"])


def test_a_limit_that_rests_is_not_filled_at_a_touch(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 95, 10:02 99, 10:10 94.99, 10:12 97"})
    world.at(f"{WED} 09:36")
    world.buy(10, limit="95", tif=DAY)
    for clock in ("10:00:10", "10:06"):  # a quote, then the candle around it
        world.at(f"{WED} {clock}")
        assert world.fills() == [], clock
    world.at(f"{WED} 10:16")
    assert world.fills() == ["c1 10 94.99 01-03 10:10"]


def test_a_buy_pays_the_ask_a_sale_gets_the_bid_and_the_last_price_triggers(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 09:40 95.5, 09:50 95"})
    world.market.spread = Decimal("0.5")
    world.at(f"{WED} 09:36")
    world.buy(10, limit="100.4", client_id="too low")
    world.broker.cancel(world.order("too low").broker_order_id)
    world.buy(10, limit="100.5", client_id="buy")
    world.sell(10, stop="95", client_id="stop")
    world.at(f"{WED} 09:41")  # the bid is at the stop, and nothing traded there
    assert world.order("stop").state is OrderState.ACCEPTED
    world.at(f"{WED} 09:50")
    assert world.fills() == ["buy 10 100.5 01-03 09:36", "stop 10 94.5 01-03 09:50"]


def test_slippage_goes_against_the_order_and_never_beyond_its_limit(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100"}, rules=replace(FREE, slippage_pct=Decimal("0.01")))
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.buy(10, limit="100.5")
    assert world.fills() == ["c1 10 101 01-03 09:36", "c2 10 100.5 01-03 09:36"]


def test_a_stop_fills_between_two_looks_and_is_dated_by_its_candle(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 11:01 99, 11:02 94, 11:04 99, 15:00 101"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{WED} 15:01")
    assert world.fills() == ["c1 10 100 01-03 09:36", "c2 10 95 01-03 11:05"]
    assert world.held() == 0


def test_a_stop_that_the_open_of_a_candle_gaps_through_fills_at_that_open(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 15:58 100", THU: "09:30 80, 09:31 79, 09:40 82"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{THU} 09:45")
    assert world.fills() == ["c1 10 100 01-03 09:36", "c2 10 80 01-04 09:30"]


def test_no_fill_is_dated_before_a_look_that_showed_the_order(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:03 100, 10:04 90, 10:06 99"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{WED} 10:03")  # inside the candle of the fall
    assert world.order("c2").state is OrderState.ACCEPTED
    world.at(f"{WED} 10:07")
    assert world.fills()[1:] == ["c2 10 95 01-03 10:05"]


def test_with_stop_and_target_inside_one_candle_the_stop_fills(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 100, 10:01 111, 10:03 94, 10:04 100"})
    world.at(f"{WED} 09:36")
    world.buy(10, stop_loss="95", take_profit="110")
    world.at(f"{WED} 10:10")
    assert world.fills() == ["c1 10 100 01-03 09:36", "c1.stop 10 95 01-03 10:05"]


def test_in_the_candle_that_an_order_came_into_its_stop_counts_and_its_limit_does_not(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:01 90, 10:02 100, 10:06 100, 10:11 100"})
    world.at(f"{WED} 10:02")
    world.buy(10)
    world.sell(10, stop="95", client_id="stop")
    world.buy(10, limit="92", client_id="limit")
    world.at(f"{WED} 10:12")
    assert world.fills()[1:] == ["stop 10 95 01-03 10:05"]
    assert world.order("limit").state is OrderState.ACCEPTED


def test_a_candle_counts_once_it_had_time_to_become_complete(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 100, 10:01 94, 10:02 100"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{WED} 10:05:30")
    assert world.order("c2").state is OrderState.ACCEPTED
    world.at(f"{WED} 10:06")
    assert world.fills()[1:] == ["c2 10 95 01-03 10:05"]


def test_orders_of_the_night_meet_the_first_price_of_the_day(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 15:59 101", THU: "09:31 103, 09:37 104"})
    world.at(f"{WED} 17:00")
    world.buy(10, tif=DAY)
    world.buy(5, limit="102", tif=DAY)
    world.at(f"{THU} 09:00")
    assert world.fills() == []
    world.at(f"{THU} 09:30:20")  # it has not traded yet
    assert world.fills() == []
    world.at(f"{THU} 09:41")
    assert world.fills() == ["c1 10 103 01-04 09:30"]


def test_day_orders_end_with_the_session_and_others_go_on(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100", THU: "09:30 100, 10:00 100, 10:01 89, 10:20 100"})
    world.at(f"{WED} 09:36")
    world.buy(10, limit="90", tif=DAY)
    world.buy(5, limit="90", tif=GTC)
    world.at(f"{WED} 16:00:30")  # the last candle may not be complete
    assert world.order("c1").state is OrderState.ACCEPTED
    world.at(f"{WED} 16:10")
    assert world.order("c1").state is OrderState.EXPIRED
    world.at(f"{THU} 10:21")
    assert world.fills() == ["c2 5 90 01-04 10:05"]


def test_nothing_is_filled_while_the_exchange_is_closed(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 16:30 120"})
    world.at(f"{WED} 16:45")
    world.buy(10)
    world.market.at("2007-01-06 12:00")  # a Saturday
    assert world.fills() == []
    assert not world.broker.clock().is_open


def test_an_order_ends_when_it_has_rested_for_as_long_as_the_broker_lets_it(live: OpenLivePit) -> None:
    aged = replace(EVERYTHING, gtc_age=timedelta(days=5))
    world = live({WED: "09:30 100"}, rules=replace(FREE, capabilities=aged))
    world.at(f"{WED} 09:36")
    world.buy(10, limit="90")
    world.at(f"{MON} 08:00")
    assert world.order("c1").state is OrderState.ACCEPTED
    world.at("2007-01-09 08:00")
    assert (world.order("c1").state, world.order("c1").reason) == (OrderState.CANCELLED, "it has rested for 5 days")


def test_nothing_of_a_halted_symbol_is_filled(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100, 10:00 100"})
    world.market.halted.add("ACME")
    world.at(f"{WED} 09:36")
    world.buy(10)
    assert world.fills() == []
    world.market.halted.clear()
    world.at(f"{WED} 10:01")
    assert world.fills() == ["c1 10 100 01-03 10:01"]


def test_a_half_day_closes_at_one(live: OpenLivePit) -> None:
    world = live({"2007-11-23": "09:30 100, 14:00 90"}, at="2007-11-23 09:00")
    world.at("2007-11-23 09:36")
    world.buy(10, limit="95", tif=DAY)
    world.at("2007-11-23 14:00")
    assert world.order("c1").state is OrderState.EXPIRED
    assert world.fills() == []


def test_a_split_multiplies_the_position_and_its_stop_and_gains_nothing(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100", THU: "09:30 50, 11:00 51"})
    world.market.act("ACME", THU, ActionKind.SPLIT, "2")
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{THU} 09:00")
    assert world.held() == 20
    assert world.broker.account().equity == 100_000
    assert (world.order("c2").quantity, world.order("c2").stop_price) == of(20, "47.5")
    world.at(f"{THU} 09:31")
    world.at(f"{THU} 11:01")
    assert [isinstance(each, SplitEvent) for each in world.happened()].count(True) == 1
    assert world.order("c2").state is OrderState.ACCEPTED
    assert world.broker.account().equity == 100_020


def test_a_split_that_is_told_only_at_the_open_is_applied_before_anything_trades(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100", THU: "09:30 50, 09:40 50"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{THU} 08:00")
    assert world.held() == 10
    world.market.act("ACME", THU, ActionKind.SPLIT, "2")
    world.at(f"{THU} 09:42")
    assert world.held() == 20
    assert world.order("c2").state is OrderState.ACCEPTED


def test_a_dividend_is_paid_once_on_what_was_held_before_its_ex_date(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100", THU: "09:30 99.5", FRI: "09:30 99.5"})
    world.market.act("ACME", THU, ActionKind.DIVIDEND, "0.5")
    world.at(f"{WED} 09:36")
    world.buy(10)
    for moment in (f"{THU} 09:00", f"{THU} 09:31", f"{THU} 12:00", f"{FRI} 09:31"):
        world.at(moment)
    assert [(each.amount, each.symbol) for each in world.happened() if isinstance(each, CashEvent)] == [
        (Decimal("5.00"), "ACME")
    ]
    assert world.broker.account().equity == 100_000


def test_a_symbol_that_is_bought_out_leaves_its_cash(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100", THU: "09:30 1"})
    world.market.act("ACME", THU, ActionKind.CASH_MERGER, "110")
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{THU} 10:00")
    assert world.held() == 0
    assert world.order("c2").state is OrderState.CANCELLED
    assert world.broker.account().cash == 100_100


def test_sessions_that_nobody_looked_at_are_resolved_by_their_bars(live: OpenLivePit) -> None:
    first = "09:30 100, 15:50 100"
    days = {WED: first, THU: first, FRI: "09:30 100, 10:00 94, 11:00 112", "2007-01-16": "09:30 107"}
    world = live(days)
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.buy(5, limit="96", tif=DAY)
    world.at("2007-01-16 09:40")
    assert world.fills() == ["c1 10 100 01-03 09:36", "c2 10 95 01-05 16:00"]
    assert world.order("c3").state is OrderState.EXPIRED
    closed = world.broker.days(date(2007, 1, 3), date(2007, 1, 16))
    assert [day.session.day for day in closed] == [3, 4, 5, 8, 9, 10, 11, 12, 16]  # the 15th was a holiday
    assert world.broker.account().equity == 99_950


def test_candles_of_the_past_week_are_finer_than_bars(live: OpenLivePit) -> None:
    world = live({WED: "09:30 100", THU: "09:30 100, 10:00 99, 10:01 94", FRI: "09:30 100", MON: "09:30 100"})
    world.at(f"{WED} 09:36")
    world.buy(10)
    world.sell(10, stop="95")
    world.at(f"{MON} 09:40")
    assert world.fills()[1:] == ["c2 10 95 01-04 10:05"]
