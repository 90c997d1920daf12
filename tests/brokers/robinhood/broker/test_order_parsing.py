"""What is read of a row of an order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.brokers.robinhood.broker.order_rows import INSTRUMENT_ID, ORDER_ID, execution, order_row
from tests.fakes.pit import decimals
from tradebot.brokers.robinhood.broker.order_parsing import GTC_AGE, STATES, parse_order_row
from tradebot.core.model.orders import OrderState, OrderType, Side, TimeInForce
from tradebot.errors import BrokerUnavailable


def test_a_stop_that_was_placed_while_the_market_was_closed_rests() -> None:
    row = parse_order_row(order_row())
    order = row.order("ACME", "our-id")
    assert (row.id, row.ref_id, row.account) == (ORDER_ID, "22222222-2222-2222-2222-222222222222", "5QR12345")
    assert row.instrument_id == INSTRUMENT_ID
    assert (order.broker_order_id, order.client_order_id, order.symbol) == (ORDER_ID, "our-id", "ACME")
    assert (order.side, order.type, order.time_in_force) == (Side.SELL, OrderType.STOP, TimeInForce.GTC)
    assert (order.quantity, order.filled_quantity, order.stop_price) == decimals(432, 0, 10)
    assert order.limit_price is None
    assert order.state is OrderState.ACCEPTED and order.rests
    assert order.submitted_at == datetime(2026, 1, 14, 0, 32, 27, 948317, tzinfo=UTC)


def test_an_order_that_is_good_until_cancelled_ends_at_the_declared_age_and_one_for_the_day_does_not_say() -> None:
    order = parse_order_row(order_row()).order("ACME", "")
    assert order.expires_at == order.submitted_at + GTC_AGE
    assert timedelta(days=90) == GTC_AGE
    assert parse_order_row(order_row(time_in_force="gfd")).order("ACME", "").expires_at is None


RESTING = {"queued", "confirmed", "partially_filled"}


@pytest.mark.parametrize("state", [*STATES, "held_for_review"])
def test_a_stop_protects_in_a_state_that_surely_rests_and_in_no_other_live_one(state: str) -> None:
    order = parse_order_row(order_row(state=state, derived_state=state)).order("ACME", "")
    if order.state.live:
        assert order.rests is (state in RESTING)
    assert order.state.live == (
        state in RESTING | {"new", "unconfirmed", "locating", "pending_cancelled", "held_for_review"}
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"user_cancel_request_state": "cancel_requested"},
        {"derived_state": "pending_cancelled"},
    ],
)
def test_a_stop_that_somebody_asked_to_cancel_is_live_and_protects_nothing(changes: dict[str, str]) -> None:
    order = parse_order_row(order_row(state="confirmed", **changes)).order("ACME", "")
    assert order.state is OrderState.ACCEPTED
    assert not order.rests


@pytest.mark.parametrize("link", [None, f"https://api.robinhood.com/orders/{ORDER_ID}/cancel/"])
@pytest.mark.parametrize("state", ["confirmed", "cancelled"])
def test_the_address_of_a_cancel_says_nothing_of_whether_an_order_is_live(link: str | None, state: str) -> None:
    assert parse_order_row(order_row(state=state, cancel=link)).state.live is (state == "confirmed")


def test_a_word_that_nobody_knows_is_live_unknown_and_told() -> None:
    order = parse_order_row(order_row(state="held_for_review")).order("ACME", "")
    assert order.state is OrderState.UNKNOWN
    assert order.reason == "Robinhood shows it as 'held_for_review'"


@pytest.mark.parametrize(
    ("state", "filled", "expected"),
    [
        ("confirmed", "1", OrderState.PARTIALLY_FILLED),
        ("pending_cancelled", "1", OrderState.PARTIALLY_FILLED),
        ("cancelled", "1", OrderState.CANCELLED),
        ("partially_filled_rest_cancelled", "1", OrderState.CANCELLED),
        ("filled", "432", OrderState.FILLED),
        ("failed", "0", OrderState.REJECTED),
        ("failed", "1", OrderState.CANCELLED),
        ("rejected", "0", OrderState.REJECTED),
    ],
)
def test_what_has_filled_is_part_of_the_state(state: str, filled: str, expected: OrderState) -> None:
    assert parse_order_row(order_row(state=state, cumulative_quantity=filled)).state is expected


def test_a_rejection_without_a_reason_says_so() -> None:
    assert parse_order_row(order_row(state="rejected")).reason == "Robinhood gives no reason"
    told = parse_order_row(order_row(state="rejected", reject_reason="Too far from the market"))
    assert told.reason == "Too far from the market"


@pytest.mark.parametrize(
    ("changes", "expected", "limit"),
    [
        ({"type": "market", "trigger": "immediate", "price": "11.00"}, OrderType.MARKET, None),
        ({"type": "limit", "trigger": "immediate", "price": "11.00"}, OrderType.LIMIT, Decimal(11)),
        ({"type": "limit", "trigger": "stop", "price": "11.00"}, OrderType.STOP_LIMIT, Decimal(11)),
        ({"trailing_peg": {"type": "percentage", "percentage": 20}}, OrderType.TRAILING_STOP, None),
        ({"type": "auction"}, OrderType.OTHER, None),
    ],
)
def test_the_type_is_that_of_type_trigger_and_trail(
    changes: dict[str, object], expected: OrderType, limit: Decimal | None
) -> None:
    row = parse_order_row(order_row(**changes))
    assert (row.type, row.limit_price) == (expected, limit)


def test_an_order_for_dollars_has_its_amount_and_the_shares_that_it_has_bought() -> None:
    dollars = {"amount": "50.00", "currency_code": "USD"}
    row = parse_order_row(order_row(side="buy", quantity=None, dollar_based_amount=dollars, cumulative_quantity="0.5"))
    order = row.order("ACME", "")
    assert (order.notional, order.quantity, order.filled_quantity) == decimals(50, "0.5", "0.5")


def test_executions_carry_their_fees_whether_told_in_sum_or_in_parts() -> None:
    rows = [execution(), execution(id="2", fees=None), execution(id="3", fees="0.00", sec_fee=None)]
    first, second, third = parse_order_row(order_row(executions=rows)).executions
    assert (first.quantity, first.price, first.fees) == decimals(100, "10.12", "0.05")
    assert second.fees == Decimal("0.05")
    assert third.fees == Decimal("0.02")
    assert first.at == datetime(2026, 1, 14, 14, 35, 0, 123456, tzinfo=UTC)


def test_a_reinvested_dividend_is_known() -> None:
    assert parse_order_row(order_row(drip_dividend_id="88888888-8888-8888-8888-888888888888")).is_reinvestment
    assert not parse_order_row(order_row()).is_reinvestment


@pytest.mark.parametrize("name", ["id", "state", "side", "time_in_force", "created_at", "type"])
def test_a_row_that_lacks_a_field_is_a_failed_read(name: str) -> None:
    with pytest.raises(BrokerUnavailable, match=name):
        parse_order_row(order_row(**{name: None}))


def test_an_unknown_side_is_a_failed_read() -> None:
    with pytest.raises(BrokerUnavailable, match="unknown side 'swap'"):
        parse_order_row(order_row(side="swap"))
