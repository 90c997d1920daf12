"""The file of `export --returns`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from tests.reports.conftest import SESSION
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.returns_file import returns_csv


def test_a_deposit_is_no_return(report_of: Callable[..., ReportOutcome]) -> None:
    report = report_of("101000", "201000")
    paid_in = CashEvent("C1", CashKind.DEPOSIT, Decimal(100_000), report.equity[-1].at, SESSION)
    lines = returns_csv(replace(report, cash_events=(paid_in,), benchmark={})).splitlines()
    assert lines == [
        "date,equity,return,benchmark_return",
        f"{SESSION},101000.00,0.0100000000,",
        f"{report.equity[-1].session},201000.00,0.0000000000,",
    ]


def test_the_index_has_a_return_where_both_closes_are_known(report_of: Callable[..., ReportOutcome]) -> None:
    report = report_of("101000", "102000")
    first, second = (point.session for point in report.equity)
    lines = returns_csv(replace(report, benchmark={first: 1400.0, second: 1414.0})).splitlines()
    assert [line.split(",")[3] for line in lines[1:]] == ["", "0.0100000000"]


def test_an_account_without_a_close_has_no_rows(report_of: Callable[..., ReportOutcome]) -> None:
    assert returns_csv(replace(report_of("1"), equity=())) == "date,equity,return,benchmark_return\n"
