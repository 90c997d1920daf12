"""The page of QuantStats, which few have installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.errors import UsageError
from tradebot.reports.quantstats_page import quantstats_path, write_quantstats
from tradebot.settings import load


def test_without_quantstats_it_is_said_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "quantstats", None)  # as if it were not installed
    with pytest.raises(UsageError, match=r"pip install quantstats.*--html"):
        quantstats_path(tmp_path / "page.html", load(tmp_path / "home", None, {}), force=False)


@pytest.mark.parametrize("sessions", [0, 1, 19])
def test_a_period_without_a_months_returns_is_refused(
    report_of: Callable[..., ReportOutcome], tmp_path: Path, sessions: int
) -> None:
    with pytest.raises(UsageError, match=f"needs the returns of 20 sessions, and this period has {sessions}"):
        write_quantstats(report_of(*["100000"] * sessions), tmp_path / "page.html")
    assert not list(tmp_path.iterdir())
