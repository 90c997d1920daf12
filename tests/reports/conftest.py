"""Outcomes made for a test, and the text that people see of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tradebot.core.model.ledger_rows import EquityPoint, RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.reports.layout import Page
from tradebot.reports.terminal import draw

SESSION = date(2007, 1, 3)
NOON = datetime(2007, 1, 3, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a command acted."""

    home: Path = Path("/home/me/desk")
    broker: str = "paper"
    mode: str = "paper"
    account_id: str = "PAPER-0001"
    database: Path = Path("/home/me/desk/trading_robot.db")
    logs: Path = Path("/home/me/desk/logs")


@pytest.fixture
def place() -> Place:
    return Place()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def plain() -> Callable[[Page], str]:
    """A page as it stands in a log."""
    return lambda page: draw(page, io.StringIO())


@pytest.fixture
def base() -> Outcome:
    return Outcome(Job.RUN_DAILY, SESSION, RunStatus.RAN, "session 2007-01-03 traded")


def point(day: int, equity: str, last: str = "100000", long: str = "0") -> EquityPoint:
    """A closing point, ``day`` days after 2007-01-03."""
    session = SESSION + timedelta(days=day)
    at = NOON + timedelta(days=day)
    worth, held = Decimal(equity), Decimal(long)
    return EquityPoint(session, at, worth, worth - held, held, Decimal(0), Decimal(last))


@pytest.fixture
def report_of() -> Callable[..., ReportOutcome]:
    """A report over closing equities, one a day from 2007-01-03 on, measured from 100,000 USD before."""

    def made(*equities: str, **more: object) -> ReportOutcome:
        points = tuple(point(day, equity) for day, equity in enumerate(equities))
        base = Outcome(Job.REPORT, SESSION, RunStatus.RAN, "report")
        defaults: dict[str, object] = {
            "period": Period.ALL, "first": points[0].session if points else None,
            "last": points[-1].session if points else None, "equity": points,
        }  # fmt: skip
        return ReportOutcome.of(base, **{**defaults, **more})

    return made
