from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tests.core.builders import NOW, TODAY, D
from tradebot.core.results.bare_lines import bare_lines
from tradebot.core.safety.bare_time import BarePeriod


def test_a_period_that_lasts_is_measured_until_now() -> None:
    lasts = BarePeriod(TODAY, "trend", "AAPL", D(100), D(5100), NOW)
    over = replace(lasts, ended_at=NOW + timedelta(seconds=2.1))
    lines = bare_lines((over, lasts), NOW + timedelta(seconds=30))
    assert [(line.symbol, line.seconds, line.ended_at is None) for line in lines] == [
        ("AAPL", Decimal("2.1"), False),
        ("AAPL", Decimal(30), True),
    ]
