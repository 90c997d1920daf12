"""The page of QuantStats (https://github.com/ranaroussi/quantstats), for those who have installed it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from sys import stderr

from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.errors import UsageError
from tradebot.home.output_files import Kind, output_path, replacing
from tradebot.reports.statistics import MONTH_SESSIONS, Curve, daily_returns
from tradebot.settings import Loaded

OPTION = "--quantstats"
_QUANTSTATS_PAGE = Kind("a page of QuantStats", lambda head: b"quantstats.io" in head)


def quantstats_path(path: Path, loaded: Loaded, *, force: bool) -> Path:
    """The path that ``write_quantstats`` writes to.

    Raises UsageError if QuantStats is not installed, and as ``output_path`` does if the path may not be written.
    """
    if find_spec("quantstats") is None:
        raise UsageError(
            f"{OPTION} needs QuantStats, which is not installed. Install it in tradebot's environment with "
            "`pip install quantstats`, or use --html, which needs nothing more."
        )
    return output_path(path, OPTION, loaded, _QUANTSTATS_PAGE, force=force)


def write_quantstats(outcome: ReportOutcome, path: Path) -> None:
    """Let QuantStats write its page on the daily returns to ``path``, which ``quantstats_path`` gave.

    It is given the returns alone, and those of the S&P 500; it asks nobody for prices. What it prints goes to standard
    error. Raises UsageError for fewer returns than a month has, where QuantStats fails, and if the file cannot be
    written.
    """
    curve = Curve.of(outcome)
    steps = daily_returns(curve, outcome.cash_events, outcome.benchmark) if curve else ()
    if len(steps) < MONTH_SESSIONS:
        raise UsageError(f"{OPTION} needs the returns of {MONTH_SESSIONS} sessions, and this period has {len(steps)}.")
    import pandas as pd
    import quantstats

    def series(values: Mapping[date, float]) -> pd.Series[float]:
        return pd.Series(list(values.values()), pd.DatetimeIndex(list(values)))

    index = {step.session: step.index for step in steps if step.index is not None}
    with replacing(path, OPTION) as temporary, redirect_stdout(stderr):
        try:
            quantstats.reports.html(
                series({step.session: step.account for step in steps}),
                benchmark=series(index) if len(index) >= MONTH_SESSIONS else None,
                output=str(temporary),
                title=f"Trading report, {outcome.first} to {outcome.last}",
            )
        except Exception as error:  # whatever fails there, the report itself is made
            raise UsageError(
                f"QuantStats could not make its page: {error}. Leave {OPTION} out, or use --html."
            ) from error
