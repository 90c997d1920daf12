"""An order as Alpaca writes it, read into the words of this program."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tests.brokers.alpaca.broker.conftest import order_json
from tradebot.brokers.alpaca.broker.order_parsing import STATES, parse_order
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Side, TimeInForce
from tradebot.errors import BrokerUnavailable


def read(**fields: Any) -> BrokerOrder:
    found = parse_order(order_json(**fields))
    assert found is not None
    return found.order


@pytest.fixture(scope="module")
def words() -> ModuleType:
    """The words of Alpaca's own library, whose package uses what another one is about to drop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return import_module("alpaca.trading.enums")


def test_every_status_that_alpaca_s_own_library_knows_is_mapped(words: ModuleType) -> None:
    assert {status.value for status in words.OrderStatus} <= STATES.keys()


def test_only_a_suspended_order_is_of_unknown_state_among_the_known() -> None:
    assert [status for status, state in STATES.items() if state is OrderState.UNKNOWN] == ["suspended"]


@pytest.mark.parametrize("status", ["filled", "canceled", "expired", "rejected", "replaced"])
def test_what_is_over_at_alpaca_is_over_here_and_nothing_else(status: str) -> None:
    over = {name for name, state in STATES.items() if state.terminal}
    assert over == {"filled", "canceled", "expired", "rejected", "replaced"}
    assert read(status=status).state.terminal


def test_an_unknown_status_counts_as_live_and_says_what_it_is() -> None:
    order = read(status="under_review")
    assert order.state is OrderState.UNKNOWN and order.state.live
    assert "under_review" in order.reason


@pytest.mark.parametrize("status", ["new", "pending_cancel", "pending_replace", "done_for_day", "stopped", "held"])
def test_a_live_order_of_which_some_has_filled_is_partially_filled(status: str) -> None:
    assert read(status=status, filled_qty="4").state is OrderState.PARTIALLY_FILLED
    assert read(status=status).state is OrderState.ACCEPTED


@pytest.mark.parametrize("status", ["pending_new", "pending_review", "pending_cancel", "suspended", "under_review"])
def test_an_order_that_does_not_surely_work_is_live_and_rests_not(status: str) -> None:
    order = read(status=status)
    assert order.state.live and not order.rests
    assert read(status="new").rests and read(status="accepted").rests and read(status="pending_replace").rests


def test_an_order_that_is_calculated_is_over_once_it_has_filled_whole() -> None:
    assert read(status="calculated", filled_qty="4").state is OrderState.PARTIALLY_FILLED
    assert read(status="calculated", filled_qty="10").state is OrderState.FILLED


def test_every_type_that_alpaca_s_own_library_knows_is_known_here(words: ModuleType) -> None:
    assert {kind.value for kind in words.OrderType} <= {kind.value for kind in OrderType}


def test_words_that_nobody_knows_are_read_as_such() -> None:
    order = read(type="pegged", time_in_force="until_tea")
    assert (order.type, order.time_in_force, order.state) == (OrderType.OTHER, TimeInForce.OTHER, OrderState.ACCEPTED)
    assert read(side="sell_short").side is Side.SELL


def test_an_order_on_no_known_side_is_no_answer() -> None:
    with pytest.raises(BrokerUnavailable, match="side 'undisclosed'"):
        read(side="undisclosed")


def test_numbers_are_exact_whether_they_come_as_text_or_as_numbers() -> None:
    order = read(qty=10, limit_price=Decimal("95.10"), filled_avg_price="95.123456789")
    assert (order.quantity, order.limit_price) == (Decimal(10), Decimal("95.1"))
    assert order.average_fill_price == Decimal("95.123456789")


def test_instants_are_utc_to_the_microsecond() -> None:
    order = read(submitted_at="2021-03-16T14:38:01.937734123-04:00", expires_at="2021-06-14T20:00:00Z")
    assert order.submitted_at == datetime(2021, 3, 16, 18, 38, 1, 937734, tzinfo=UTC)
    assert order.expires_at == datetime(2021, 6, 14, 20, tzinfo=UTC)


def test_an_order_for_an_amount_has_the_quantity_that_has_filled() -> None:
    order = read(notional="500", qty=None, type="market", limit_price=None)
    assert (order.notional, order.quantity, order.remaining) == (Decimal(500), Decimal(0), Decimal(0))
    assert read(notional="500", qty=None, filled_qty="4.75").quantity == Decimal("4.75")


def test_a_trailing_stop_tells_where_it_stands() -> None:
    order = read(type="trailing_stop", trail_percent="1.5", stop_price="98.5", limit_price=None)
    assert (order.type, order.stop_price) == (OrderType.TRAILING_STOP, Decimal("98.5"))


def test_fields_that_nobody_knows_change_nothing() -> None:
    assert read(subtag="x", colour={"of": "blue"}) == read()


@pytest.mark.parametrize("field", ["id", "symbol", "side", "type", "status", "time_in_force"])
@pytest.mark.parametrize("value", [None, "", 7])
def test_an_answer_without_what_is_needed_is_none_and_names_the_field(field: str, value: object) -> None:
    with pytest.raises(BrokerUnavailable, match=f"{field} of (an )?order"):
        read(**{field: value})


@pytest.mark.parametrize("value", ["ten", "NaN", True, ["10"]])
def test_what_is_no_number_is_no_answer(value: object) -> None:
    with pytest.raises(BrokerUnavailable, match="qty of order"):
        read(qty=value)


def test_an_instant_without_an_offset_is_no_answer() -> None:
    with pytest.raises(BrokerUnavailable, match="submitted_at"):
        read(submitted_at="2021-03-16T18:38:01")


@pytest.mark.parametrize("raw", [None, [], "order", 7])
def test_what_is_no_order_at_all_is_no_answer(raw: object) -> None:
    with pytest.raises(BrokerUnavailable, match="where an order belongs"):
        parse_order(raw)


def test_an_order_of_several_options_is_passed_over() -> None:
    assert parse_order(order_json(order_class="mleg", symbol="", side="")) is None
