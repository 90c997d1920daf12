"""report over a history small enough to be worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import FRIDAY, MONDAY, traded_two_sessions
from tradebot.core.results.report_outcome import Period, ReportOutcome
from tradebot.errors import ExitCode
from tradebot.jobs import report


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def told(house: House, period: Period) -> ReportOutcome:
    with house.desk("16:15") as desk:
        return report.run(desk, period)


def test_the_figures_of_a_day(traded: House) -> None:
    outcome = told(traded, Period.DAY)
    assert outcome.exit_code is ExitCode.OK
    assert (outcome.first, outcome.last) == (MONDAY, MONDAY)
    assert outcome.headline == "day report, 2007-01-08 to 2007-01-08: 2 round trips"
    totals = outcome.totals
    assert totals is not None
    assert (totals.trades, totals.wins, totals.losses) == (2, 1, 1)
    assert (totals.gross_profit, totals.gross_loss, totals.pnl) == (Decimal(1000), Decimal(500), Decimal(500))
    assert (totals.win_rate, totals.profit_factor) == (Decimal("0.5"), Decimal(2))
    assert {trade.symbol: (trade.pnl, trade.exit_reason) for trade in outcome.trades} == {
        "ACME": (Decimal(1000), "exit signal: told to leave"),
        "BOLT": (Decimal(-500), "stop"),
    }
    assert outcome.by_strategy == {"scripted": totals}
    # Friday's close is the base; Monday's is 1,000 - 500 + 50 x 3 above it.
    assert [(point.session, point.equity) for point in outcome.equity] == [
        (FRIDAY, Decimal(100_000)),
        (MONDAY, Decimal(100_650)),
    ]
    assert set(outcome.benchmark) == {FRIDAY, MONDAY}
    assert outcome.denial_counts == {}
    assert [(fill.symbol, fill.side.value) for fill in outcome.period_fills] == [
        ("ACME", "sell"),
        ("COAL", "buy"),
        ("BOLT", "sell"),
    ]


def test_a_report_shows_what_is_open_and_how_it_is_protected(traded: House) -> None:
    outcome = told(traded, Period.DAY)
    (line,) = outcome.positions
    assert (line.symbol, line.strategy, line.quantity, line.opened) == ("COAL", "scripted", Decimal(50), MONDAY)
    assert (line.entry_price, line.last, line.market_value, line.pnl) == (
        Decimal(100),
        Decimal(103),
        Decimal(5150),
        Decimal(150),
    )
    assert (line.stop, line.target, line.protected) == (Decimal(90), None, True)
    assert outcome.unprotected == Decimal(0)


@pytest.mark.parametrize(
    ("period", "first", "trades", "denied", "equity"),
    [
        (Period.DAY, MONDAY, 2, {}, [FRIDAY, MONDAY]),
        (Period.WEEK, MONDAY, 2, {}, [FRIDAY, MONDAY]),
        (Period.MONTH, date(2007, 1, 1), 2, {"MAX_POSITIONS": 1}, [FRIDAY, FRIDAY, MONDAY]),
        (Period.ALL, FRIDAY, 2, {"MAX_POSITIONS": 1}, [FRIDAY, FRIDAY, MONDAY]),
    ],
)
def test_a_period_ends_with_the_newest_session(
    traded: House, period: Period, first: date, trades: int, denied: dict[str, int], equity: list[date]
) -> None:
    outcome = told(traded, period)
    assert (outcome.first, outcome.last) == (first, MONDAY)
    assert len(outcome.trades) == trades
    assert outcome.denial_counts == denied
    assert [point.session for point in outcome.equity] == equity
    assert outcome.cash_events == ()
    begins = period in (Period.MONTH, Period.ALL)
    assert (outcome.opening is not None) is begins
    assert not begins or outcome.equity[0].equity == Decimal(100_000)


def test_a_report_before_anything_happened(make_house: MakeHouse) -> None:
    outcome = told(make_house(), Period.ALL)
    assert outcome.exit_code is ExitCode.OK
    assert outcome.totals is not None
    assert (outcome.totals.trades, outcome.totals.win_rate, outcome.totals.profit_factor) == (0, None, None)
    assert (outcome.equity, outcome.positions, outcome.trades) == ((), (), ())
