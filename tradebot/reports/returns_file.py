"""The file of `export --returns`: daily returns for QuantStats, empyrical and spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.home.output_files import Kind, output_path, write_output
from tradebot.reports.statistics import Curve, daily_returns
from tradebot.settings import Loaded

_COLUMNS = ("date", "equity", "return", "benchmark_return")
_CSV = Kind("daily returns", lambda head: head.startswith(",".join(_COLUMNS).encode()))
_OPTION = "FILE"


def returns_path(file: Path, loaded: Loaded, *, force: bool) -> Path:
    """The path of the CSV. Raises UsageError, as ``output_path`` does."""
    return output_path(file, _OPTION, loaded, _CSV, force=force)


def write_returns(report: ReportOutcome, path: Path) -> int:
    """Write the returns to ``path``, which ``returns_path`` gave; returns how many rows. Raises UsageError."""
    text = returns_csv(report)
    write_output(path, text, _OPTION)
    return text.count("\n") - 1


def returns_csv(report: ReportOutcome) -> str:
    """Session, closing equity, and the returns of account and S&P 500 as fractions.

    A deposit or withdrawal is no return. A field is empty where there is no return: without capital, or without a close
    of the index.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_COLUMNS)
    curve = Curve.of(report)
    if curve is not None:
        steps = {step.session: step for step in daily_returns(curve, report.cash_events, report.benchmark)}
        for point in curve.points:
            step = steps.get(point.session)
            account, index = (step.account, step.index) if step else (None, None)
            writer.writerow([point.session, f"{point.equity:.2f}", _fraction(account), _fraction(index)])
    return buffer.getvalue()


def _fraction(value: float | None) -> str:
    return "" if value is None else f"{value:.10f}"
