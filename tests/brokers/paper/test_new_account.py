"""Where a new account begins, and with what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE, decimals
from tests.fakes.prices import made, sessions
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.errors import ConfigError

FIRST, SECOND, THIRD = sessions(3)
QUIET = "100 101 99 100"


def test_an_account_begins_at_the_start_it_is_given(pit: OpenPit) -> None:
    prices = made({"ACME": ["100 105 95 101"] * 3})
    world = pit(prices, ExchangeRules(start=SECOND))
    assert world.exchange.session() == SECOND
    assert world.exchange.quotes(["ACME"])["ACME"].last == 101


@pytest.mark.parametrize("start", [date(1990, 1, 1), date(2007, 1, 2), date(2007, 1, 6), date(2030, 1, 1)])
def test_a_start_outside_the_data_is_refused_with_its_range(pit: OpenPit, start: date) -> None:
    with pytest.raises(ConfigError, match="Choose a date from 2007-01-03 to 2007-01-05") as refused:
        pit(made({"ACME": ["100 105 95 101"] * 3}), ExchangeRules(start=start))
    assert f"PAPER_START, or --from of a replay: {start} lies outside the data" in str(refused.value)


def test_a_start_that_is_no_session_is_refused_with_the_nearest_two(pit: OpenPit) -> None:
    prices = made({"ACME": ["100 105 95 101", None, "100 105 95 101"]})
    with pytest.raises(ConfigError, match="The nearest are 2007-01-03 and 2007-01-05"):
        pit(prices, ExchangeRules(start=SECOND))


@pytest.mark.parametrize(("warmup", "begins"), [(0, FIRST), (1, SECOND), (2, THIRD), (3, FIRST)])
def test_without_a_start_an_account_begins_with_the_warm_up_behind_it(pit: OpenPit, warmup: int, begins: date) -> None:
    world = pit(made({"ACME": ["100 105 95 101"] * 3}), ExchangeRules(warmup=warmup))
    assert world.exchange.session() == begins


def test_an_account_begins_with_its_deposit(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}), replace(FREE, starting_cash=Decimal(5_000)))
    (deposit,) = world.broker.activities(None)
    assert isinstance(deposit, CashEvent)
    assert (deposit.kind, deposit.amount, deposit.event_id) == (CashKind.DEPOSIT, Decimal(5_000), "A-000000001")
    assert deposit.session < world.exchange.session()
    account = world.broker.account()
    assert (account.cash, account.equity, account.last_equity, account.buying_power) == decimals(*[5_000] * 4)
