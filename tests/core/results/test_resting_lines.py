"""The stops and targets that protect holdings, as the broker shows them."""

from __future__ import annotations

from dataclasses import replace

from tests.core.builders import D, holding, order, stop
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.results.resting_lines import RestingLine, resting_lines

TARGET = order(
    quantity="100",
    broker_order_id="target-AAPL",
    client_order_id="its target",
    type=OrderType.LIMIT,
    limit_price=D(60),
    role=Purpose.TARGET,
    parent_id="entry-AAPL",
)


def test_each_holding_has_the_prices_and_shares_of_its_orders_at_the_broker() -> None:
    """Not those that the ledger would have: the holding's own stop is at 49."""
    partly = replace(TARGET, filled_quantity=D(30))
    assert resting_lines((holding("IBM"), holding()), (stop(price="51", quantity="70"), partly)) == (
        RestingLine("trend", "AAPL", Purpose.STOP, D(51), D(70), "leg"),
        RestingLine("trend", "AAPL", Purpose.TARGET, D(60), D(70), "its target"),
    )


def test_a_stop_that_shares_its_quantity_with_the_target_of_a_filled_entry_rests() -> None:
    orders = (stop(held=True), TARGET)
    assert [line.purpose for line in resting_lines((holding(),), orders)] == [Purpose.TARGET]
    whole = resting_lines((holding(),), orders, filled_entries={"entry-AAPL"})
    assert [line.purpose for line in whole] == [Purpose.STOP, Purpose.TARGET]


def test_what_may_not_rest_or_protects_nothing_is_left_out() -> None:
    useless = (
        stop(state=OrderState.UNKNOWN),
        stop("IBM"),
        stop(side=Side.BUY),
        replace(TARGET, held=True),
        replace(TARGET, state=OrderState.CANCELLED),
        replace(TARGET, role=Purpose.EXIT),
        replace(TARGET, side=Side.BUY),
    )
    assert resting_lines((holding(),), useless) == ()
