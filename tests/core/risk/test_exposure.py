from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.core.builders import D, holding, intent, order, position, quote, situation, stop
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.risk.exposure import SymbolExposure, measure_exposure


def total(**given: Any) -> SymbolExposure:
    return measure_exposure(situation(**given)).total


def stake(value: str, risk: str) -> SymbolExposure:
    return SymbolExposure(D(value), D(risk))


def test_an_empty_account_has_nothing_at_stake() -> None:
    assert total() == SymbolExposure()


def test_a_position_of_ours_risks_the_way_to_its_stop() -> None:
    assert total(positions=(position(),), holdings=(holding(stop="49"),)) == stake("5000", "100")


def test_a_short_counts_by_its_size_and_risks_the_way_up() -> None:
    short = holding(quantity="-100", stop="52")
    assert total(positions=(position(quantity="-100"),), holdings=(short,)) == stake("5000", "200")


def test_the_newest_quote_prices_a_position_and_the_broker_does_without_one() -> None:
    held: dict[str, Any] = {"positions": (position(price="50"),), "holdings": (holding(stop="49"),)}
    assert total(**held, quotes={"AAPL": quote(last="60")}) == stake("6000", "1100")
    assert total(**held, quotes={}) == stake("5000", "100")


def test_a_price_beyond_the_stop_risks_no_more() -> None:
    given: dict[str, Any] = {"positions": (position(),), "holdings": (holding(stop="51"),)}
    assert total(**given) == stake("5000", "0")


def test_a_foreign_position_risks_the_default_stop() -> None:
    assert total(positions=(position("KO"),)) == stake("5000", "100")  # 2% of it


def test_foreign_shares_beside_ours_count_apart() -> None:
    assert total(positions=(position(quantity="150"),), holdings=(holding(stop="49"),)) == stake("7500", "150")


@pytest.mark.parametrize("shown", [(), (position(quantity="0"),)])
def test_a_holding_that_the_broker_does_not_show_stakes_nothing(shown: tuple[Any, ...]) -> None:
    assert total(positions=shown, holdings=(holding(),)) == SymbolExposure()


def test_an_order_that_opens_counts_with_what_is_left_of_it() -> None:
    buy = order(side=Side.BUY, quantity="100", filled_quantity=D(40), type=OrderType.LIMIT, limit_price=D(55))
    assert total(open_orders=(buy,)) == stake("3300", "66")


def test_our_own_order_risks_the_way_to_its_stop_and_is_not_counted_twice() -> None:
    sent = intent(quantity="100", state=OrderState.ACCEPTED)  # its stop is at 49
    shown = order(side=Side.BUY, client_order_id=sent.client_order_id)
    assert total(open_orders=(shown,), unsettled=(sent,)) == stake("5000", "100")


@pytest.mark.parametrize("state", [OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.ACCEPTED])
def test_an_entry_that_left_counts_though_the_broker_does_not_show_it(state: OrderState) -> None:
    assert total(unsettled=(intent(state=state),)) == stake("5000", "100")


@pytest.mark.parametrize(
    "harmless",
    [intent(), intent(state=OrderState.FILLED), intent(purpose=Purpose.EXIT, state=OrderState.UNKNOWN)],
)
def test_what_never_left_is_over_or_only_closes_stakes_nothing(harmless: Any) -> None:
    assert total(unsettled=(harmless,)) == SymbolExposure()


def test_orders_that_only_close_stake_nothing_and_those_that_turn_a_position_do() -> None:
    held: dict[str, Any] = {"positions": (position(),), "holdings": (holding(stop="49"),)}
    sell = order(side=Side.SELL, quantity="100")
    assert total(**held, open_orders=(stop(), sell)) == stake("5000", "100")
    assert total(**held, open_orders=(replace(sell, quantity=D(130)),)) == stake("6500", "130")


def test_an_order_that_adds_counts_on_top() -> None:
    held: dict[str, Any] = {"positions": (position(),), "holdings": (holding(stop="49"),)}
    assert total(**held, open_orders=(order(side=Side.BUY, quantity="50"),)) == stake("7500", "150")


def test_the_legs_of_an_entry_under_way_stake_nothing() -> None:
    entry = order(side=Side.BUY, broker_order_id="entry-AAPL")
    assert total(open_orders=(entry, stop(held=True))) == stake("5000", "100")


def test_a_dead_order_stakes_nothing() -> None:
    assert total(open_orders=(order(side=Side.BUY, state=OrderState.CANCELLED),)) == SymbolExposure()


def test_an_order_without_a_price_is_named() -> None:
    exposure = measure_exposure(situation(open_orders=(order("KO", Side.BUY),), quotes={}))
    assert exposure.unpriced == {"KO"}
    assert exposure.total.value == Decimal(0)


def test_an_order_for_an_amount_counts_with_the_amount_until_its_shares_are_known() -> None:
    amount = order(side=Side.BUY, quantity="0", notional=D(5000), type=OrderType.MARKET)
    assert total(open_orders=(amount,)) == stake("5000", "100")
    assert total(open_orders=(replace(amount, quantity=D(60)),)) == stake("3000", "60")
    assert total(open_orders=(replace(amount, side=Side.SELL),), positions=(position(),)) == stake("5000", "100")
    assert measure_exposure(situation(open_orders=(amount,), quotes={})).unpriced == {"AAPL"}
