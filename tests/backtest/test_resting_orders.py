"""What fills of the stop and the target of a holding, at the open and in the range of a bar."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tradebot.backtest.account import Held
from tradebot.backtest.bars import in_steps
from tradebot.backtest.resting_orders import filled_at_open, filled_in_range
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import Purpose
from tradebot.core.model.signals import ExitPolicy
from tradebot.market.matching import FillRules

D = Decimal
RULES = FillRules(slippage_pct=D("0.01"))
HOLDING = Holding("swing", "AA", D(10), D(50), D(48), D(55), D(50), ExitPolicy(), date(2007, 1, 3))


def held(*, target_rests: bool = True) -> Held:
    return Held(0, 0, HOLDING, 1, D(1), target_rests)


@pytest.mark.parametrize(
    ("opening", "filled"),
    [
        ("48.01", None),
        ("48", (Purpose.STOP, D("47.52"))),  # with slippage
        ("40", (Purpose.STOP, D("39.60"))),
        ("55", None),  # a touch
        ("55.01", (Purpose.TARGET, D(55))),  # slippage never takes a fill beyond the limit
    ],
)
def test_a_gap_fills_at_the_open(opening: str, filled: tuple[Purpose, Decimal] | None) -> None:
    assert filled_at_open(held(), in_steps(D(opening)), RULES) == filled


@pytest.mark.parametrize(
    ("high", "low", "filled"),
    [
        ("54", "49", []),
        ("55", "48.01", []),
        ("54", "48", [(Purpose.STOP, D("47.52"))]),
        ("55.01", "49", [(Purpose.TARGET, D(55))]),
        ("56", "47", [(Purpose.STOP, D("47.52")), (Purpose.TARGET, D(55))]),
    ],
)
def test_a_bar_fills_the_stop_before_the_target(high: str, low: str, filled: list[tuple[Purpose, Decimal]]) -> None:
    assert filled_in_range(held(), in_steps(D(high)), in_steps(D(low)), RULES) == filled


def test_a_target_of_an_entry_that_filled_in_part_does_not_rest() -> None:
    assert filled_in_range(held(target_rests=False), in_steps(D(60)), in_steps(D(49)), RULES) == []
