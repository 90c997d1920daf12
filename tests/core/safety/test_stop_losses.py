"""What is lost if every stop fills at its price: shares without one count in full."""

from __future__ import annotations

import pytest

from tests.core.builders import D, holding, order, position, quote, stop
from tradebot.core.model.account import Position
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import BrokerOrder, OrderState, Side
from tradebot.core.safety.stop_losses import StopLoss, StopLossTotal, stop_losses, total_of


def lost(*open_orders: BrokerOrder, shown: Position | None = None, last: str = "51") -> tuple[StopLoss, ...]:
    """The losses of 100 AAPL with the stop price 49."""
    there = shown or position()
    return stop_losses((holding(),), (there,), (there,), open_orders, {"AAPL": quote(last=last)})


def test_shares_lose_the_way_from_the_present_price_to_their_stop() -> None:
    assert lost(stop(price="49")) == (StopLoss("AAPL", "trend", D(200), D(0)),)


@pytest.mark.parametrize(
    "useless", [(), (stop(state=OrderState.UNKNOWN),), (stop(side=Side.BUY),), (order(side=Side.SELL),)]
)
def test_shares_without_a_stop_that_surely_rests_count_in_full(useless: tuple[BrokerOrder, ...]) -> None:
    assert lost(*useless) == (StopLoss("AAPL", "trend", D(0), D(5100)),)


def test_a_total_is_the_sum_of_the_losses_as_they_are_shown() -> None:
    parts = [*lost(stop(price="49"), last="49.00244"), *lost(stop(price="49"), last="49.00004")]
    assert [each.to_stops for each in parts] == [D("0.24"), D("0.00")]
    assert total_of(parts) == StopLossTotal(D("0.24"), D("0"), D("0.24"))


def test_each_share_counts_once_with_the_stop_that_is_nearest() -> None:
    stops = (stop(price="45", quantity="80"), stop(price="50", quantity="40", broker_order_id="other"))
    assert lost(*stops) == (StopLoss("AAPL", "trend", D(40 * 1 + 60 * 6), D(0)),)
    assert lost(stops[1]) == (StopLoss("AAPL", "trend", D(40), D(60 * 51)),)


def test_a_price_beyond_the_stop_loses_nothing_more() -> None:
    assert lost(stop(price="49"), last="48") == (StopLoss("AAPL", "trend", D(0), D(0)),)


def test_foreign_shares_count_in_full() -> None:
    losses = lost(stop(price="49"), shown=position(quantity="130"))
    assert losses == (StopLoss("AAPL", "trend", D(200), D(0)), StopLoss("AAPL", FOREIGN, D(0), D(30 * 51)))
    assert total_of(losses) == StopLossTotal(D(200), D(1530), D(1730))


def test_shares_of_another_company_under_a_held_symbol_count_in_full() -> None:
    there = position()
    losses = stop_losses((holding(),), (there,), (), (stop(),), {})
    assert losses == (StopLoss("AAPL", FOREIGN, D(0), D(5000)),), "at the broker's price, without a quote"


def test_a_short_loses_upwards() -> None:
    short = holding(quantity="-100", stop="55")
    there = position(quantity="-100")
    covering = stop(side=Side.BUY, price="55")
    losses = stop_losses((short,), (there,), (there,), (covering,), {"AAPL": quote(last="51")})
    assert losses == (StopLoss("AAPL", "trend", D(400), D(0)),)
