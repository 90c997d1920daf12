"""Commissions of the exchange."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.prices import made
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import Fill

QUIET = "100 101 99 100"


@pytest.mark.parametrize(
    ("quantity", "fee"), [(1, "1"), (200, "1"), (201, "1"), (300, "1.5"), (333, "1.66"), (335, "1.68"), (900, "4.5")]
)
def test_commission_is_by_the_share_with_a_minimum_to_the_cent(pit: OpenPit, quantity: int, fee: str) -> None:
    world = pit(made({"ACME": [QUIET]}), ExchangeRules(slippage_pct=Decimal(0)))
    world.at("09:35")
    world.buy(quantity)
    (fill,) = world.happened()
    assert isinstance(fill, Fill)
    assert fill.fee == Decimal(fee)
    assert world.broker.account().cash == 100_000 - 100 * quantity - Decimal(fee)


def test_the_minimum_commission_is_paid_once_an_order(pit: OpenPit) -> None:
    rules = ExchangeRules(slippage_pct=Decimal(0), max_fill_volume_pct=Decimal("0.1"))
    world = pit(made({"ACME": ["100 101 99 100 1000", "100 101 99 100 5000"]}), rules)
    world.at("09:35")
    world.buy(400)
    world.next("09:35")
    fees = [done.fee for done in world.happened() if isinstance(done, Fill)]
    assert fees == [Decimal(1), Decimal(1)]  # 400 x 0.005 = 2, of which 1 was paid on the first 100
