"""Each rule, by an account in which it alone is broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from inspect import isfunction
from typing import Any

import pytest

from tests.core.builders import (
    TODAY,
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
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.planning.entries import plan
from tradebot.core.risk import exit_fractions, limit_rules, rules
from tradebot.core.risk.rules import RULES


def denials(**given: Any) -> tuple[Denial, ...]:
    """What is said of one entry into AAPL."""
    planned = plan(situation([signal()], **given))
    assert bool(planned.entries) is not bool(planned.denials)
    return planned.denials


def codes(**given: Any) -> list[str]:
    return [denial.code.value for denial in denials(**given)]


def test_a_sound_entry_is_denied_by_nothing() -> None:
    assert codes() == []


AAPL_ALONE = frozenset({"AAPL"})
BUYER = EntryKey("trend", "AAPL", Side.BUY)
MSFT = {"positions": (position("MSFT"),), "holdings": (holding("MSFT"),)}  # $5,000, of which $100 at risk


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("HALTED", {"halt": HaltLevel.HALTED}),
        ("HALTED", {"halt": HaltLevel.REDUCING}),
        ("MARKET_CLOSED", {"session_open": False}),
        ("ACCOUNT_BLOCKED", {"account": account(blocked=True)}),
        ("DAILY_LOSS", {"counters": counters(baseline="104000")}),
        ("DRAWDOWN", {"counters": counters(peak="112000")}),
        ("CASH_UNEXPLAINED", {"locked": {"USD": "open break: 500 USD are missing"}}),
        ("SYMBOL_LOCKED", {"locked": {"AAPL": "open break: 3 shares are missing"}}),
        ("SYMBOL_NOT_ALLOWED", {"limits": limits_with(allow_symbols=frozenset({"MSFT"}))}),
        ("SYMBOL_NOT_ALLOWED", {"limits": limits_with(deny_symbols=frozenset({"AAPL"}))}),
        ("SYMBOL_NOT_ALLOWED", {"limits": limits_with(allow_symbols=AAPL_ALONE, deny_symbols=AAPL_ALONE)}),
        ("SYMBOL_OWNED", {"positions": (position(),)}),
        ("SYMBOL_OWNED", {"positions": (position(),), "holdings": (holding(strategy="another"),)}),
        ("ALREADY_HELD", {"positions": (position(),), "holdings": (holding(),)}),
        ("ALREADY_HELD", {"holdings": (holding(),)}),  # though the broker shows none
        ("ORDER_PENDING", {"open_orders": (stop(),)}),
        ("ORDER_PENDING", {"open_orders": (order(side=Side.BUY, client_order_id=order_id(attempt=2)),)}),
        ("ORDER_PENDING", {"unsettled": (intent(attempt=2, state=OrderState.UNKNOWN),)}),
        ("ALREADY_DECIDED", {"decided": frozenset({order_id()})}),
        ("REPEAT_ORDER_LIMIT", {"repetitions": {BUYER: Repetition(8, 10)}}),
        ("NOT_TRADABLE", {"assets": {}}),
        ("NOT_TRADABLE", {"assets": {"AAPL": Asset("AAPL", tradable=False)}}),
        ("NOT_TRADABLE", {"quotes": {"AAPL": replace(quote(), halted=True)}}),
        ("NO_PRICE", {"quotes": {}}),
        ("NO_PRICE", {"quotes": {"AAPL": quote(last="0")}}),
        ("NO_PRICE", {"quotes": {"AAPL": quote(last="0.01")}}),  # a stop keeps a cent from it
        ("PRICE_COLLAR", {"quotes": {"AAPL": quote(last="52.51", before="50")}}),
        ("PRICE_COLLAR", {"quotes": {"AAPL": quote(last="47.49", before="50")}}),
        ("PRICE_COLLAR", {"quotes": {"AAPL": replace(quote(), previous_close=None)}}),
        ("STALE_SIGNAL", {"expected_as_of": TODAY}),
        ("STALE_SIGNAL", {"expected_as_of": TODAY - timedelta(days=2)}),
        ("STALE_SIGNAL", {"expected_as_of": None}),
        ("MAX_DAILY_TRADES", {"counters": counters(entries=20)}),
        ("MAX_ORDERS_PER_MINUTE", {"counters": counters(orders_last_minute=60)}),
        ("MAX_ORDERS_PER_SESSION", {"counters": counters(orders_sent=200)}),
        ("MAX_POSITIONS", {**MSFT, "limits": limits_with(max_positions=1)}),
    ],
)
def test_each_rule_denies_alone(code: str, given: dict[str, Any]) -> None:
    assert codes(**given) == [code]


@pytest.mark.parametrize(
    ("code", "given", "value", "limit"),
    [
        # the smallest order is two shares, $100
        ("MAX_POSITION_SIZE", {"limits": limits_with(max_position_size_pct=D("0.0009"))}, "100", "90"),
        ("MAX_GROSS_EXPOSURE", {**MSFT, "limits": limits_with(max_gross_exposure_pct=D("0.0509"))}, "5100", "5090"),
        ("MAX_PORTFOLIO_RISK", {**MSFT, "limits": limits_with(max_portfolio_risk_pct=D("0.00101"))}, "102", "101"),
        ("MAX_ORDER_VALUE", {"limits": limits_with(max_order_value=D(99))}, "100", "99"),
        ("MAX_ORDER_ADV", {"average_volume": {"AAPL": D(199)}}, "2", "1.99"),
        ("MAX_ORDER_ADV", {"average_volume": {}}, "2", "0"),
        ("BUYING_POWER", {"account": account(buying_power=D(101))}, "102", "101"),
    ],
)
def test_a_limit_denies_when_the_smallest_order_breaks_it(
    code: str, given: dict[str, Any], value: str, limit: str
) -> None:
    headline = denials(**given)[0]
    assert (headline.code.value, headline.value, headline.limit) == (code, D(value), D(limit))


@pytest.mark.parametrize(
    "given",
    [
        {"limits": limits_with(allow_symbols=AAPL_ALONE, deny_symbols=frozenset({"MSFT"}))},
        {"repetitions": {BUYER: Repetition(7, 7)}},
        {"repetitions": {BUYER: Repetition(8, 11)}},  # as many, and not as quickly
        {"repetitions": {replace(BUYER, strategy="another"): Repetition(8, 8)}},
        {"repetitions": {replace(BUYER, symbol="MSFT"): Repetition(8, 8)}},
        {"repetitions": {replace(BUYER, side=Side.SELL): Repetition(8, 8)}},
        {"quotes": {"AAPL": quote(last="52.50", before="50")}},
        {"quotes": {"AAPL": quote(last="47.50", before="50")}},
        {"counters": counters(orders_last_minute=59, orders_sent=199)},
        {"average_volume": {"AAPL": D(200)}},
    ],
)
def test_a_control_lets_through_what_just_keeps_to_it(given: dict[str, Any]) -> None:
    assert codes(**given) == []


def test_the_collar_tells_which_price_is_how_far_from_which() -> None:
    (denial,) = denials(quotes={"AAPL": quote(last="53", before="50")})
    assert (denial.value, denial.limit) == (D("0.06"), D("0.05"))
    assert denial.message == ("the price of $53.00 is 6% away from the previous close of $50.00, and 5% is the most")


def test_a_thinly_traded_symbol_makes_the_order_smaller() -> None:
    (entry,) = plan(situation([signal()], average_volume={"AAPL": D(3_050)})).entries
    assert entry.request.quantity == 30
    assert "sized by average volume" in entry.reason


def test_a_new_strategy_takes_half_of_what_the_limits_allow() -> None:
    (usual,) = plan(situation([signal()])).entries
    for sessions_run in ({}, {"trend": 4}):
        (entry,) = plan(situation([signal()], sessions_run=sessions_run)).entries
        assert entry.request.quantity == usual.request.quantity / 2
        assert "50% of that on probation" in entry.reason
    (served,) = plan(situation([signal()], sessions_run={"trend": 5})).entries
    assert served == usual


def test_entries_planned_together_count_as_messages_together() -> None:
    three = [signal("AAPL", score=3), signal("MSFT", score=2), signal("KO", score=1)]
    for given in (counters(orders_last_minute=58), counters(orders_sent=198)):
        planned = plan(situation(three, counters=given))
        assert [entry.symbol for entry in planned.entries] == ["AAPL", "MSFT"]
        assert len(planned.denials) == 1


def test_a_limit_that_just_has_room_takes_the_smallest_order() -> None:
    for limits in (
        limits_with(max_position_size_pct=D("0.001")),
        limits_with(max_gross_exposure_pct=D("0.001")),
        limits_with(max_portfolio_risk_pct=D("0.00002")),
        limits_with(max_order_value=D(100)),
    ):
        (entry,) = plan(situation([signal()], limits=limits)).entries
        assert entry.request.quantity == 2


def test_an_order_too_small_to_be_worth_it_names_the_cap_that_made_it_so() -> None:
    (denial,) = denials(limits=limits_with(risk_per_trade_pct=D("0.00001")))  # $1: one share with its stop $1 away
    assert (denial.code, denial.value, denial.limit) == (DenialCode.MIN_ORDER_VALUE, D(50), D(100))
    assert "risk per trade" in denial.message


def test_no_share_at_all_names_the_cap_too() -> None:
    (denial,) = denials(limits=limits_with(risk_per_trade_pct=D("0.000005")))
    assert denial.code is DenialCode.ZERO_QUANTITY
    assert "risk per trade" in denial.message


def test_every_rule_that_is_broken_is_told_and_the_first_is_the_gravest() -> None:
    found = codes(
        halt=HaltLevel.HALTED,
        session_open=False,
        locked={"AAPL": "a break"},
        counters=counters(baseline="104000", entries=20),
        expected_as_of=TODAY,
    )
    assert found == ["HALTED", "MARKET_CLOSED", "DAILY_LOSS", "SYMBOL_LOCKED", "STALE_SIGNAL", "MAX_DAILY_TRADES"]


def test_a_symbol_is_owned_by_the_order_of_another_strategy() -> None:
    other = order(side=Side.BUY, client_order_id=order_id(strategy="another"))
    foreign = order(side=Side.BUY, client_order_id="by-hand")
    assert [(denial.code.value, "another" in denial.message) for denial in denials(open_orders=(other,))] == [
        ("SYMBOL_OWNED", True),
        ("ORDER_PENDING", True),
    ]
    assert "foreign" in denials(open_orders=(foreign,))[0].message


def test_an_entry_that_was_planned_and_never_left_may_be_planned_again() -> None:
    assert codes(unsettled=(intent(state=OrderState.PLANNED),)) == []


def test_an_open_order_at_an_unknown_price_leaves_no_room() -> None:
    mystery = order("KO", Side.BUY, type=OrderType.MARKET)
    (denial,) = denials(open_orders=(mystery,), quotes={"AAPL": quote()})
    assert denial.code is DenialCode.MAX_GROSS_EXPOSURE
    assert "KO" in denial.message


def test_every_denial_carries_words_and_whose_entry_it_was() -> None:
    broken = {
        "halt": HaltLevel.HALTED,
        "positions": (position(), position("MSFT", "3000")),
        "quotes": {"AAPL": quote(last="20000"), "MSFT": quote("MSFT")},
        "account": account(buying_power=D(-5), blocked=True),
        "counters": counters(baseline="200000", peak="300000", entries=20),
        "assets": {},
    }
    found = denials(**broken)
    assert len(found) >= 12
    for denial in found:
        assert (denial.strategy, denial.symbol, denial.purpose) == ("trend", "AAPL", Purpose.ENTRY)
        assert len(denial.message) > 10


def test_the_stop_of_what_is_held_is_no_business_under_way() -> None:
    held = {"positions": (position(),), "holdings": (holding(),)}
    armed = order(client_order_id=order_id(purpose=Purpose.STOP), type=OrderType.STOP, stop_price=D(49))
    under_way = intent(purpose=Purpose.STOP, state=OrderState.ACCEPTED)
    assert codes(open_orders=(stop(), armed), unsettled=(under_way,), **held) == ["ALREADY_HELD"]
    leaving = order(client_order_id=order_id(purpose=Purpose.EXIT))
    assert codes(open_orders=(leaving,), **held) == ["ALREADY_HELD", "ORDER_PENDING"]


def test_messages_name_orders_in_words() -> None:
    entry = order(side=Side.BUY, client_order_id=order_id(strategy="another"))
    by_hand = order(side=Side.BUY, client_order_id="my bid")
    messages = [denial.message for denial in denials(open_orders=(entry,))]
    assert messages == [
        "AAPL is owned by another (the entry of another)",
        "AAPL has a live order: the entry of another",
    ]
    assert "my bid" in denials(open_orders=(by_hand,))[0].message


def test_every_rule_is_asked_once() -> None:
    functions = [
        name
        for module in (rules, limit_rules, exit_fractions)
        for name, made in vars(module).items()
        if isfunction(made) and made.__module__ == module.__name__
    ]
    public = {name for name in functions if not name.startswith("_")} - {"has_exit_prices"}
    assert sorted(rule.__name__ for rule in RULES) == sorted(public)


def test_an_order_under_way_takes_its_buying_power_until_the_broker_reserves_it() -> None:
    unseen = intent("MSFT", quantity="1000", state=OrderState.UNKNOWN)  # $50,000 and 2 %
    shown = order("MSFT", Side.BUY, client_order_id=unseen.client_order_id)
    rich = account(buying_power=D(51_100))
    assert "BUYING_POWER" in codes(unsettled=(unseen,), account=rich)
    assert "BUYING_POWER" not in codes(
        unsettled=(replace(unseen, state=OrderState.ACCEPTED),), open_orders=(shown,), account=rich
    )
