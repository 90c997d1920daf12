"""The options of `backtest` and `sweep`: numbers are those that the settings take."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tradebot.commands.backtest_options import asked_for
from tradebot.errors import UsageError
from tradebot.runtime.backtest.inputs import Asked


def asked(cash: str | None = None, slippage: str | None = None, commission: str | None = None) -> Asked:
    """What is asked for with these numbers."""
    return asked_for(None, None, None, None, None, None, cash, slippage, commission, allow_lookahead=False)


def test_numbers_are_within_the_bounds_of_the_settings() -> None:
    told = asked("50000", "0.1%", "0")
    assert (told.cash, told.slippage, told.commission) == (Decimal(50000), Decimal("0.001"), Decimal(0))
    assert asked().cash is None
    for wrong, says in (
        ({"cash": "0"}, "--cash: 0 is out of bounds. Write an amount from 100"),
        ({"cash": "1e300"}, "--cash: '1e300' is not an amount"),
        ({"slippage": "200%"}, "--slippage: 200% is more than the 10%"),
        ({"slippage": "-0.1"}, "--slippage: '-0.1' is not a percentage"),
        ({"commission": "nan"}, "--commission: 'nan' is not an amount"),
    ):
        with pytest.raises(UsageError, match=says):
            asked(**wrong)
