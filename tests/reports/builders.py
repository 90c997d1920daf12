"""What several tests of pages are made of."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.reports.conftest import NOON, SESSION
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.results.position_lines import PositionLine
from tradebot.reports.layout import Page

Plain = Callable[[Page], str]
TOTALS = Totals(3, 2, 1, Decimal(300), Decimal(100), Decimal("4.5"), Decimal(200), Decimal(-100))
POSITION = PositionLine(
    "rsi2", "AAPL", Decimal(10), Decimal("25.10"), Decimal("26.00"), Decimal(260), Decimal(9),
    Decimal("24.85"), None, SESSION, True,
)  # fmt: skip
HALT = Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "a drill", since=NOON)
