"""Planning of entries, with the exits beside them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.core.builders import (
    ACCOUNT_KEY,
    POLICY,
    TODAY,
    D,
    account,
    counters,
    holding,
    limits_with,
    order_id,
    position,
    signal,
    situation,
)
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.orders import Intent, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.signals import Action, ExitPolicy
from tradebot.core.planning.entries import plan


def entered(*signals: Any, **given: Any) -> list[str]:
    """The symbols entered, in order."""
    return [entry.symbol for entry in plan(situation(signals, **given)).entries]


def test_an_entry_is_a_market_order_with_a_bracket_that_lives_on() -> None:
    (entry,) = plan(situation([signal()])).entries
    assert entry == Intent(
        request=OrderRequest(
            client_order_id=order_id(),
            symbol="AAPL",
            side=Side.BUY,
            quantity=D(200),  # 10% of 100,000 dollars at 50; the risk alone would allow 500
            type=OrderType.MARKET,
            time_in_force=TimeInForce.GTC,
            take_profit=D(52),
            stop_loss=D(49),
        ),
        account_key=ACCOUNT_KEY,
        session=TODAY,
        strategy="trend",
        purpose=Purpose.ENTRY,
        attempt=1,
        planned_price=D(50),
        reason="it rises; sized by position size",
        state=OrderState.PLANNED,
        policy=POLICY,
    )


def test_an_entry_without_a_target_still_has_its_stop() -> None:
    (entry,) = plan(situation([signal(policy=ExitPolicy())])).entries
    assert (entry.request.stop_loss, entry.request.take_profit) == (D(49), None)


def test_a_signal_that_asks_for_less_risk_gets_a_smaller_order() -> None:
    (entry,) = plan(situation([signal(risk_pct=D("0.0001"))])).entries
    assert entry.request.quantity == 10


def test_nothing_is_done_about_no_signal() -> None:
    planned = plan(situation([signal(action=Action.NONE), signal("MSFT", action=Action.EXIT)]))
    assert (planned.intents, planned.denials) == ((), ())


def test_higher_scores_go_first_then_the_strategy_that_spoke_first_then_the_alphabet() -> None:
    signals = [
        signal("E", strategy="zeta", score=math.nan),
        signal("D", strategy="zeta", score=1.0),
        signal("C", strategy="alpha", score=1.0),
        signal("B", strategy="zeta", score=1.0),
        signal("A", strategy="alpha", score=2.0),
        signal("F", strategy="alpha", score=-math.inf),
    ]
    assert entered(*signals) == ["A", "B", "D", "C", "E", "F"]
    assert entered(*signals, limits=limits_with(max_positions=2)) == ["A", "B"]


def test_two_strategies_do_not_enter_one_symbol() -> None:
    planned = plan(situation([signal(score=1.0), signal(strategy="another", score=2.0)]))
    assert [entry.strategy for entry in planned.entries] == ["another"]
    assert [denial.code for denial in planned.denials][:2] == [DenialCode.SYMBOL_OWNED, DenialCode.ORDER_PENDING]


def test_the_same_signal_twice_is_one_entry() -> None:
    planned = plan(situation([signal(), signal()]))
    assert len(planned.entries) == 1
    assert [denial.code for denial in planned.denials][:2] == [DenialCode.ORDER_PENDING, DenialCode.ALREADY_DECIDED]


def test_entries_share_what_the_limits_leave() -> None:
    signals = [signal(symbol, score=score) for symbol, score in (("A", 3.0), ("B", 2.0), ("C", 1.0))]
    limits = limits_with(max_gross_exposure_pct=D("0.15"))
    planned = plan(situation(signals, limits=limits))
    assert [(entry.symbol, entry.request.quantity) for entry in planned.entries] == [("A", D(200)), ("B", D(100))]
    assert {denial.code for denial in planned.denials} == {DenialCode.MAX_GROSS_EXPOSURE, DenialCode.ZERO_QUANTITY}


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"limits": limits_with(max_daily_trades=5), "counters": counters(entries=3)}, 2),
        ({"limits": limits_with(max_positions=3), "positions": (position("KO"),)}, 2),
        ({"limits": limits_with(max_portfolio_risk_pct=D("0.005"))}, 3),  # $500: 200 + 200 + 100 of risk
        ({"account": account(buying_power=D(15_000))}, 2),  # 10,200 and what is left
    ],
)
def test_the_running_book_counts_every_accepted_entry(given: dict[str, Any], count: int) -> None:
    assert len(entered(*(signal(symbol) for symbol in "ABCDE"), **given)) == count


def test_an_exit_planned_beside_it_frees_nothing_for_an_entry() -> None:
    held: dict[str, Any] = {"positions": (position("MSFT", "2000"),), "holdings": (holding("MSFT", "2000"),)}
    planned = plan(situation([signal("MSFT", Action.EXIT), signal("AAPL")], **held))
    assert [intent.purpose for intent in planned.intents] == [Purpose.EXIT]
    assert {denial.code for denial in planned.denials} >= {DenialCode.MAX_GROSS_EXPOSURE}


def test_an_entry_where_entries_have_a_collar_is_a_limit_for_the_day_sized_by_that_limit() -> None:
    capabilities = replace(EVERYTHING, brackets=False, oto=False, entry_collar_pct=D("0.01"))
    (entry,) = plan(situation([signal()], capabilities=capabilities)).entries
    request = entry.request
    assert (request.type, request.time_in_force, request.limit_price) == (OrderType.LIMIT, TimeInForce.DAY, D("50.5"))
    assert request.quantity == D(198)  # 10 % of 100,000 dollars at the 50.50 that it may cost
    assert (request.stop_loss, request.take_profit, entry.planned_price) == (D(49), D(52), D(50))
