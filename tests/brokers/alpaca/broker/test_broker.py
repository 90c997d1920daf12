"""The account, its hours and assets, and what is sent for many at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.broker.conftest import Bend, MakeDesk
from tests.brokers.contract import order_of
from tests.fakes.alpaca import Answer, Arrival
from tests.fakes.alpaca.faults import Kind
from tests.fakes.orders import Requests
from tests.fakes.pit import decimals
from tradebot.core.model.account import AccountDay, Permissions, Position
from tradebot.core.model.orders import OrderState
from tradebot.errors import AlreadySent, Blocked, BrokerUnavailable, OrderRefused, OutcomeUnknown

make = Requests()


def with_body(path: str, **fields: Any) -> Bend:
    """Answers to requests of this path have these fields; None takes one away."""

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.path != path:
            return answer
        body = answer.body[0] if isinstance(answer.body, list) else answer.body
        changed = {name: value for name, value in {**body, **fields}.items() if value is not None}
        return replace(answer, body=[changed] if isinstance(answer.body, list) else changed)

    return bend


# --- the account -----------------------------------------------------------------------------------


def test_the_account_is_known_by_its_number(alpaca: MakeDesk) -> None:
    desk = alpaca()
    assert desk.broker.account().account_id == "PAPER-0001"
    assert desk.asked == ["GET /v2/account"]


@pytest.mark.parametrize(
    "trouble",
    [{"trading_blocked": True}, {"account_blocked": True}, {"trade_suspended_by_user": True}, {"status": "LIMITED"}],
    ids=lambda trouble: next(iter(trouble)),
)
def test_an_account_that_may_not_trade_is_blocked(alpaca: MakeDesk, trouble: dict[str, Any]) -> None:
    desk = alpaca()
    assert not desk.broker.account().blocked
    desk.fake.bend = with_body("/v2/account", **trouble)
    assert desk.broker.account().blocked


@pytest.mark.parametrize(
    "field", ["account_number", "equity", "last_equity", "cash", "buying_power", "trading_blocked"]
)
def test_an_account_without_what_is_needed_is_no_answer(alpaca: MakeDesk, field: str) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/account", **{field: None})
    with pytest.raises(BrokerUnavailable, match=f"lacks {field} of the account"):
        desk.broker.account()


def test_a_short_position_is_negative_whichever_field_says_so(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    for fields in ({"qty": "-10", "side": "short"}, {"qty": "10", "side": "short"}, {"qty": "-10", "side": None}):
        desk.fake.bend = with_body("/v2/positions", **fields)
        assert desk.broker.positions() == (Position("ACME", *decimals(-10, 100, 100)),)


def test_a_position_without_a_price_today_has_that_of_the_last_day(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    desk.fake.bend = with_body("/v2/positions", current_price=None, lastday_price="99.5")
    assert [position.market_price for position in desk.broker.positions()] == [Decimal("99.5")]


def test_an_option_counts_for_the_hundred_shares_it_stands_for(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    desk.fake.bend = with_body("/v2/positions", symbol="AAPL240719C00200000", qty="2", current_price="3.5")
    assert [position.market_value for position in desk.broker.positions()] == [Decimal(700)]


def test_fields_that_nobody_knows_change_nothing(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="c"))

    def everything() -> list[object]:
        desk.as_a_new_command()
        b = desk.broker
        return [
            b.account(), b.positions(), b.open_orders(), b.order("c"), b.activities(None), b.clock(), b.assets(["ACME"])
        ]  # fmt: skip

    plain = everything()
    desk.fake.strike(Kind.UNKNOWN_FIELDS, method="GET", times=100)
    assert everything() == plain


# --- the account's books ---------------------------------------------------------------------------


def test_the_account_s_configuration_says_what_it_may_do(alpaca: MakeDesk) -> None:
    desk = alpaca()
    assert desk.broker.permissions() == Permissions(trading=True, shorting=True, fractions=True)
    desk.fake.bend = with_body("/v2/account/configurations", suspend_trade=True, no_shorting=True)
    assert desk.broker.permissions() == Permissions(trading=False, shorting=False, fractions=True)


def portfolio(**columns: Any) -> Bend:
    """A history of the fourth and the fifth of January, as told at the end of their evenings in New York."""
    body = {
        "timestamp": [1167958800, 1168045200],
        "equity": [8425.21, 8639.77],
        "profit_loss": [0, 0],
        "profit_loss_pct": [0, 0],
        "base_value": 8413.04,
        "timeframe": "1D",
        **columns,
    }
    return lambda arrival, answer: Answer(200, body) if "history" in arrival.path else answer


FOURTH, FIFTH = date(2007, 1, 4), date(2007, 1, 5)


def test_the_days_of_the_portfolio_have_their_equity_and_what_was_paid_in(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = portfolio(cashflow={"CSD": [0, 500.5], "CSW": [0, -100]})
    assert desk.broker.days(FOURTH, FIFTH) == (
        AccountDay(FOURTH, *decimals("8425.21", 0)),
        AccountDay(FIFTH, *decimals("8639.77", "400.5")),
    )
    (asked,) = desk.fake.requests
    assert asked.query["cashflow_types"] == "CSD,CSW,JNLC"


def test_days_that_the_portfolio_knows_nothing_of_are_left_out(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = portfolio(equity=[None, 8639.77])
    assert desk.broker.days(FOURTH, FIFTH) == (AccountDay(FIFTH, *decimals("8639.77", 0)),)
    assert desk.broker.days(FOURTH, FOURTH) == ()


def test_a_history_whose_columns_differ_is_no_answer(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = portfolio(cashflow={"CSD": [0]})
    with pytest.raises(BrokerUnavailable, match="differ in length"):
        desk.broker.days(FOURTH, FIFTH)


# --- hours -----------------------------------------------------------------------------------------


def test_the_sessions_around_today_are_asked_for_once(alpaca: MakeDesk) -> None:
    desk = alpaca()
    for _ in range(3):
        clock = desk.broker.clock()
    assert desk.asked == ["GET /v2/clock", "GET /v2/calendar", "GET /v2/clock", "GET /v2/clock"]
    assert clock.today is not None and clock.previous is not None and clock.upcoming is not None
    assert (clock.previous.session, clock.today.session) == (date(2007, 1, 3), date(2007, 1, 4))
    assert clock.upcoming.session == date(2007, 1, 5)
    assert clock.today.opens == datetime(2007, 1, 4, 14, 30, tzinfo=UTC)
    assert not clock.today.half_day


def test_an_early_close_is_a_half_day(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/calendar", date="2007-01-04", close="13:00")
    today = desk.broker.clock().today
    assert today is not None and today.half_day
    assert today.closes == datetime(2007, 1, 4, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("fields", [{"open": "half past nine"}, {"date": "today"}, {"close": None}])
def test_a_calendar_that_cannot_be_read_is_no_answer(alpaca: MakeDesk, fields: dict[str, Any]) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/calendar", **fields)
    with pytest.raises(BrokerUnavailable):
        desk.broker.clock()


def test_a_day_without_a_session_has_none_today(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/clock", timestamp="2007-01-06T12:00:00-05:00", is_open=False)
    clock = desk.broker.clock()
    assert clock.today is None and not clock.is_open
    assert clock.previous is not None and clock.previous.session == date(2007, 1, 5)


# --- assets ----------------------------------------------------------------------------------------


def test_few_assets_are_asked_for_one_by_one_and_many_at_once(alpaca: MakeDesk) -> None:
    desk = alpaca()
    assert desk.broker.assets(["ACME", "NONE"]).keys() == {"ACME"}
    assert desk.broker.assets(["NONE", "ACME"]).keys() == {"ACME"}
    assert desk.asked == ["GET /v2/assets/ACME", "GET /v2/assets/NONE"]
    desk.as_a_new_command()
    for _ in range(2):
        assert desk.broker.assets(["ACME", *(f"NO{number}" for number in range(500))]).keys() == {"ACME"}
    assert desk.asked == ["GET /v2/assets"]


def test_an_asset_that_is_no_longer_traded_is_not_tradable(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/assets/ACME", status="inactive")
    assert not desk.broker.assets(["ACME"])["ACME"].tradable


# --- sending ---------------------------------------------------------------------------------------


def test_an_order_that_was_taken_in_is_told_as_it_was_answered(alpaca: MakeDesk) -> None:
    desk = alpaca()
    order = desk.broker.submit(make.buy(10, client_id="c"))
    assert (order.state, order.filled_quantity) == (OrderState.ACCEPTED, Decimal(0))
    assert order_of(desk.broker, "c").state is OrderState.FILLED


def test_keys_that_are_not_accepted_send_nothing(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.strike(Kind.UNAUTHORIZED, method="POST")
    with pytest.raises(Blocked, match="keys"):
        desk.broker.submit(make.buy(10))
    assert desk.broker.open_orders() == ()


@pytest.mark.parametrize("code", [40010001, 42210000])
def test_a_duplicate_is_known_by_its_words_whatever_its_code(alpaca: MakeDesk, code: int) -> None:
    desk = alpaca()
    refusal = Answer(422, {"code": code, "message": "client_order_id must be unique"})
    desk.fake.bend = lambda arrival, answer: refusal if arrival.method == "POST" else answer
    with pytest.raises(AlreadySent, match="client_order_id must be unique"):
        desk.broker.submit(make.buy(10))


@pytest.mark.parametrize("field", ["id", "symbol", "status", "client_order_id"])
def test_an_answer_to_an_order_that_cannot_be_read_leaves_its_outcome_unknown(alpaca: MakeDesk, field: str) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/orders", **{field: None})
    with pytest.raises(OutcomeUnknown, match="was sent"):
        desk.broker.submit(make.buy(10, client_id="c"))
    desk.fake.bend = None
    assert order_of(desk.broker, "c").state is OrderState.FILLED


def test_an_answer_about_another_order_leaves_the_outcome_unknown(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/orders", client_order_id="another")
    with pytest.raises(OutcomeUnknown, match="another order"):
        desk.broker.submit(make.buy(10, client_id="c"))


def test_nothing_is_replaced_of_an_order_that_cannot_be_read(alpaca: MakeDesk) -> None:
    desk = alpaca()
    order = desk.broker.submit(make.buy(10, limit="90"))
    desk.fake.strike(Kind.SERVER_ERROR, method="GET", times=10)
    with pytest.raises(BrokerUnavailable):
        desk.broker.replace(order.broker_order_id, make.buy(10, limit="91"))
    assert "PATCH" not in "".join(desk.asked)


def test_a_replacement_that_changes_nothing_is_refused_and_one_of_a_tick_is_not(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(10))
    old = desk.broker.submit(make.sell(10, stop="95"))
    with pytest.raises(OrderRefused, match="order parameters are not changed"):
        desk.broker.replace(old.broker_order_id, make.sell(10, stop="95"))
    new = desk.broker.replace(old.broker_order_id, make.sell(10, stop="95.01"))
    assert [order.broker_order_id for order in desk.broker.open_orders()] == [new.broker_order_id]


# --- many at once ----------------------------------------------------------------------------------


def test_all_orders_are_cancelled_in_one_request(alpaca: MakeDesk) -> None:
    desk = alpaca()
    for price in ("90", "91"):
        desk.broker.submit(make.buy(1, limit=price))
    desk.as_a_new_command()
    desk.broker.cancel_all()
    assert desk.asked == ["DELETE /v2/orders"]
    assert desk.broker.open_orders() == ()
    desk.broker.cancel_all()  # and nothing to cancel is nothing to complain of


@pytest.mark.parametrize("status", [422, 500])
def test_one_order_of_many_that_was_not_cancelled_is_told(alpaca: MakeDesk, status: int) -> None:
    desk = alpaca()
    for price in ("90", "91"):
        desk.broker.submit(make.buy(1, limit=price))
    desk.fake.bend = _last_with(status)
    with pytest.raises(OrderRefused, match=r"1 of 2 orders were not cancelled: [0-9a-f-]{36}"):
        desk.broker.cancel_all()


@pytest.mark.parametrize("body", [{}, [{"status": 200}], [{"id": "x"}], [7]])
def test_an_answer_for_many_that_cannot_be_read_leaves_their_outcome_unknown(alpaca: MakeDesk, body: object) -> None:
    desk = alpaca()
    desk.fake.bend = lambda arrival, answer: Answer(207, body)
    with pytest.raises(OutcomeUnknown, match="was sent"):
        desk.broker.cancel_all()


def _last_with(status: int) -> Bend:
    def bend(arrival: Arrival, answer: Answer) -> Answer:
        *others, last = answer.body
        return replace(answer, body=[*others, {**last, "status": status}])

    return bend


# --- in a hurry ------------------------------------------------------------------------------------


def test_nothing_heavy_is_imported() -> None:
    """An emergency stop imports this before its first request."""
    heavy = "{'pandas', 'numpy', 'alpaca.trading'} & sys.modules.keys()"
    code = f"import sys, tradebot.brokers.alpaca.broker; print(*sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
