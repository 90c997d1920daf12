"""Planning of exits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.builders import (
    D,
    account,
    counters,
    holding,
    intent,
    limits_with,
    order,
    order_id,
    position,
    quote,
    signal,
    situation,
    stop,
)
from tradebot.core.model.account import Asset
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.orders import Intent, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.signals import Action, ExitPolicy
from tradebot.core.planning.entries import plan

LEAVE = signal(action=Action.EXIT, reason="it falls")
HELD: dict[str, Any] = {"positions": (position(),), "holdings": (holding(),)}


def test_an_exit_is_a_market_order_for_the_day_over_what_is_held() -> None:
    (leaving,) = plan(situation([LEAVE], **HELD)).exits
    assert leaving.request == OrderRequest(
        client_order_id=order_id(purpose=Purpose.EXIT),
        symbol="AAPL",
        side=Side.SELL,
        quantity=D(100),
        type=OrderType.MARKET,
        time_in_force=TimeInForce.DAY,
    )
    assert (leaving.purpose, leaving.reason, leaving.planned_price) == (Purpose.EXIT, "exit signal: it falls", D(50))


def test_a_short_is_bought_back() -> None:
    short: dict[str, Any] = {
        "positions": (position(quantity="-100"),),
        "holdings": (holding(quantity="-100", stop="51"),),
    }
    (leaving,) = plan(situation([LEAVE], **short)).exits
    assert (leaving.request.side, leaving.request.quantity) == (Side.BUY, D(100))


@pytest.mark.parametrize(
    ("here", "there", "sold"), [("100", "60", 60), ("60", "100", 60), ("100.5", "100.5", 100), ("-60", "-100", 60)]
)
def test_no_more_is_closed_than_both_sides_show_in_whole_shares(here: str, there: str, sold: int) -> None:
    held = {"positions": (position(quantity=there),), "holdings": (holding(quantity=here),)}
    (leaving,) = plan(situation([LEAVE], **held)).exits
    assert leaving.request.quantity == sold


@pytest.mark.parametrize(
    ("held", "price", "sold"),
    [
        ("100.5", "50", "100.5"),
        ("0.02", "50", "0.02"),  # one dollar
        ("1.00000000049", "50", "1"),  # finer than nine decimals
        ("1.23456789012", "50", "1.234567890"),
        ("3.5", "0.2", "3"),  # with its fraction it is worth 70 cents
    ],
)
def test_a_fraction_is_sold_where_fractions_trade(held: str, price: str, sold: str) -> None:
    there = {"positions": (position(quantity=held, price=price),), "holdings": (holding(quantity=held),)}
    assets = {"AAPL": Asset("AAPL", tradable=True, fractionable=True)}
    (leaving,) = plan(situation([LEAVE], assets=assets, **there)).exits
    assert leaving.request.quantity == D(sold)


def test_a_fraction_worth_less_than_a_dollar_stays() -> None:
    held = {"positions": (position(quantity="0.019"),), "holdings": (holding(quantity="0.019"),)}
    assets = {"AAPL": Asset("AAPL", tradable=True, fractionable=True)}
    assert exit_denials(assets=assets, **held) == ["NOTHING_TO_SELL"]


def test_what_is_halted_keeps_its_stop() -> None:
    assert exit_denials(quotes={"AAPL": replace(quote(), halted=True)}) == ["NOT_TRADABLE"]


def exit_denials(**given: Any) -> list[str]:
    planned = plan(situation([LEAVE], **{**HELD, **given}))
    assert planned.exits == ()
    assert {denial.purpose for denial in planned.denials} == {Purpose.EXIT}
    return [denial.code.value for denial in planned.denials]


def under_way(purpose: Purpose, state: OrderState = OrderState.UNKNOWN) -> Intent:
    return intent(purpose=purpose, state=state)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"account": account(blocked=True)}, "ACCOUNT_BLOCKED"),
        ({"session_open": False}, "MARKET_CLOSED"),
        ({"unsettled": (under_way(Purpose.EXIT),)}, "ORDER_PENDING"),
        ({"unsettled": (under_way(Purpose.CLOSE),)}, "ORDER_PENDING"),
        ({"positions": ()}, "NOTHING_TO_SELL"),
        ({"positions": (position(quantity="-5"),)}, "NOTHING_TO_SELL"),
        ({"open_orders": (order(side=Side.SELL),)}, "NOTHING_TO_SELL"),
        ({"positions": (position(quantity="0.5"),)}, "NOTHING_TO_SELL"),
    ],
)
def test_an_exit_is_denied_for_these_reasons_alone(given: dict[str, Any], code: str) -> None:
    assert exit_denials(**given) == [code]


@pytest.mark.parametrize(
    "given",
    [
        {"halt": HaltLevel.HALTED},
        {"counters": counters(baseline="200000", peak="300000", entries=99)},
        {"account": account(equity="0")},
        {"limits": limits_with(max_positions=0, max_daily_trades=0, max_order_value=D(0), max_gross_exposure_pct=D(0))},
        {"locked": {"AAPL": "open break"}},
        {"assets": {}},
        {"quotes": {}},
        {"expected_as_of": None},
        {"unsettled": (under_way(Purpose.STOP),)},
        {"unsettled": (under_way(Purpose.EXIT, OrderState.PLANNED),)},
        {"open_orders": (stop(),)},
        {"open_orders": (order(side=Side.SELL, state=OrderState.CANCELLED),)},
        {"open_orders": (order(side=Side.BUY),)},
    ],
)
def test_nothing_else_keeps_a_position_open(given: dict[str, Any]) -> None:
    assert len(plan(situation([LEAVE], **{**HELD, **given})).exits) == 1


def test_shares_that_a_foreign_order_is_selling_are_left_to_it() -> None:
    foreign = order(side=Side.SELL, quantity="30")
    ours = order(side=Side.SELL, client_order_id=order_id(purpose=Purpose.STOP), broker_order_id="b2")
    (leaving,) = plan(situation([LEAVE], open_orders=(foreign, ours), **HELD)).exits
    assert leaving.request.quantity == 70
    both = {"positions": (position(quantity="120"),), "holdings": (holding(),)}  # twenty shares are foreign
    (leaving,) = plan(situation([LEAVE], open_orders=(foreign, ours), **both)).exits
    assert leaving.request.quantity == 90


def test_a_further_attempt_takes_the_next_number() -> None:
    made = frozenset({order_id(purpose=Purpose.EXIT), order_id(purpose=Purpose.EXIT, attempt=2)})
    (leaving,) = plan(situation([LEAVE], decided=made, **HELD)).exits
    assert (leaving.attempt, leaving.client_order_id) == (3, order_id(purpose=Purpose.EXIT, attempt=3))


def test_age_and_the_trailing_stop_close_without_any_signal() -> None:
    old = holding("A", policy=ExitPolicy(max_sessions=5), sessions_held=5)
    through = holding("B", policy=ExitPolicy(trail_trigger=D("0.05"), trail_offset=D("0.01")), high_water=D(60))
    quiet = holding("C")
    planned = plan(
        situation(
            holdings=(old, through, quiet),
            positions=tuple(position(symbol) for symbol in "ABC"),
            quotes={"B": quote("B", "59")},
        )
    )
    assert [leaving.symbol for leaving in planned.exits] == ["A", "B"]


def test_a_holding_that_is_due_but_gone_says_so_with_both_figures() -> None:
    (denial,) = plan(situation([LEAVE], **{**HELD, "positions": ()})).denials
    assert "ledger holds 100 AAPL" in denial.message
    assert "broker shows none" in denial.message


def test_a_target_that_rests_nowhere_closes_when_the_price_has_reached_it() -> None:
    lacking = replace(EVERYTHING, brackets=False)
    held = {**HELD, "holdings": (replace(holding(), target_price=D(52)),), "capabilities": lacking}
    (leaving,) = plan(situation(quotes={"AAPL": quote("AAPL", "52")}, **held)).exits
    assert (leaving.exit_kind, leaving.request.type) == (ExitKind.TARGET, OrderType.MARKET)
    assert leaving.reason == "target: 52 has reached 52"
    assert not plan(situation(quotes={"AAPL": quote("AAPL", "51.99")}, **held)).exits
    resting = {**held, "capabilities": EVERYTHING}
    assert not plan(situation(quotes={"AAPL": quote("AAPL", "52")}, **resting)).exits


def test_a_fraction_is_kept_where_the_broker_trades_none() -> None:
    held: dict[str, Any] = {"positions": (position(quantity="10.5"),), "holdings": (holding(quantity="10.5"),)}
    asset = {"AAPL": Asset("AAPL", tradable=True, fractionable=True)}
    whole = replace(EVERYTHING, fractions=False)
    (leaving,) = plan(situation([LEAVE], assets=asset, capabilities=whole, **held)).exits
    assert leaving.request.quantity == 10


def test_shares_that_the_broker_holds_for_another_sell_stay() -> None:
    ours = order(side=Side.SELL, quantity="100", client_order_id=order_id(purpose=Purpose.STOP))
    held = {**HELD, "positions": (replace(position(), held_for_sells=D(100)),)}
    (leaving,) = plan(situation([LEAVE], open_orders=(ours,), **held)).exits
    assert leaving.request.quantity == 100, "it is our own stop that holds them"
    (denial,) = plan(situation([LEAVE], **held)).denials
    assert denial.message == "sells that no list shows hold 100 AAPL at the broker"
