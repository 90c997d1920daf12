"""What trading cost and how far limits were used, as people read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.reports.builders import Plain
from tradebot.core.accounting.fill_sums import Execution, fill_sums
from tradebot.core.accounting.trading_cost import trading_cost
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.layout import Cell, Table, Tone
from tradebot.reports.pages import trading_cost as page

D = Decimal
BOUGHT = Execution("trend", 9, 1, D(100), D("50.15"), D(1), D(50), D("50.10"), rests=False)
OLD = Execution("trend", 10, -1, D(10), D(51), D(1), D(51), None, rests=False)


def test_slippage_is_shown_in_its_parts_by_strategy_and_hour(plain: Plain) -> None:
    text = plain(page.trading_cost(trading_cost(fill_sums([BOUGHT]))))
    for words in (
        "traded                    5,015.00 in 1 fill", "slippage                  15.00, 30.00 basis points",
        "until orders left       10.00", "from then to the fills  5.00", "stops and targets       -",
        "commissions               1.00", "hour, New York", "09 ",
    ):  # fmt: skip
        assert words in text
    assert "not recorded" not in text


def test_what_was_not_recorded_is_said(plain: Plain) -> None:
    text = plain(page.trading_cost(trading_cost(fill_sums([OLD]))))
    assert "until orders left       not recorded" in text
    assert "the price at sending of 1 fill is not recorded" in text
    assert page.trading_cost(trading_cost(fill_sums([]))) == ()


def test_each_limit_is_shown_in_its_own_unit(report_of: Callable[..., ReportOutcome], plain: Plain) -> None:
    day = date(2007, 1, 3)
    lines = (
        LimitLine("DAILY_LOSS_LIMIT_PCT", D("0.0305"), D("0.03"), D("1.0167"), day),
        LimitLine("MAX_ORDER_VALUE", D("8500"), D(10000), D("0.85"), day),
        LimitLine("MAX_POSITIONS", D(3), D(10), D("0.3"), day),
    )
    told = replace(report_of("101000"), limits_used=lines, sessions_without_limits=2)
    text = plain(page.limits_used(told))
    rows = [line.split()[:4] for line in text.splitlines()[4:7]]
    assert rows == [
        ["DAILY_LOSS_LIMIT_PCT", "3.05%", "3.00%", "102%"],
        ["MAX_ORDER_VALUE", "8,500.00", "10,000.00", "85%"],
        ["MAX_POSITIONS", "3", "10", "30%"],
    ]
    assert "not recorded for 2 sessions of the period" in text


@pytest.mark.parametrize(
    ("setting", "share", "tone"),
    [
        ("MAX_ORDER_VALUE", "1", Tone.PLAIN),  # orders are sized to it
        ("RISK_PER_TRADE_PCT", "0.9", Tone.PLAIN),
        ("MAX_POSITION_SIZE_PCT", "1.01", Tone.BAD),
        ("MAX_POSITIONS", "1", Tone.BAD),
        ("MAX_POSITIONS", "0.8", Tone.STRONG),
        ("MAX_POSITIONS", "0.7", Tone.PLAIN),
    ],
)
def test_a_limit_that_orders_are_sized_to_is_marked_where_it_was_exceeded(setting: str, share: str, tone: Tone) -> None:
    line = LimitLine(setting, D(share), D(1), D(share), date(2007, 1, 3))
    [shown] = [block for block in page.limits_table("Limits used", [line]) if isinstance(block, Table)]
    assert isinstance(told := shown.rows[0][3], Cell)
    assert told.tone is tone


def test_limits_that_nobody_recorded_are_no_zero(report_of: Callable[..., ReportOutcome], plain: Plain) -> None:
    text = plain(page.limits_used(replace(report_of("101000"), sessions_without_limits=1)))
    assert text.strip().splitlines()[1:] == ["  not recorded for 1 session of the period"]
    assert page.limits_used(report_of("101000")) == ()
