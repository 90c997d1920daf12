"""A report of years with texts that mean harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random

import pytest

from tests.reports.builders import HALT, POSITION
from tests.reports.samples import Samples
from tradebot.core.accounting.fill_sums import Execution, fill_sums
from tradebot.core.accounting.performance import totals
from tradebot.core.accounting.trading_cost import TradingCost, trading_cost
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.core.model.holdings import Trade
from tradebot.core.model.ledger_rows import EquityPoint
from tradebot.core.model.orders import Side
from tradebot.core.results.backtest_outcome import BacktestOutcome, Luck, Variant, Verdict
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.market.calendar import NyseCalendar

SCRIPT = "<script>document.title = 'taken'</script>"
LIMITS = tuple(
    LimitLine(name, Decimal("123456.78"), Decimal(200_000), share, date(2007, 2, 1))
    for name, share in (("MAX_PORTFOLIO_RISK_PCT", Decimal("1.125")), ("EMERGENCY_STOP_LOSS_PCT", Decimal("0.21")))
)


@pytest.fixture(scope="session")
def years() -> Callable[[date, date], ReportOutcome]:
    """A report over all sessions from one date to another: a random walk with deposits, trades and wild texts."""

    def made(first: date, last: date) -> ReportOutcome:
        chance, days = Random(7), [hours.session for hours in NyseCalendar().between(first, last)]
        points, closes, close, equity = [], {}, 1400.0, 100_000.0
        for day in days:
            market = chance.gauss(0.0003, 0.011)
            close *= 1 + market
            equity *= 1 + market / 2 + chance.gauss(0.0002, 0.005)
            equity += 1000 * (day.day == 15)
            points.append(_point(day, equity, chance.uniform(0.2, 0.9)))
            closes[day] = close
        trades = tuple(_trade(days[number * len(days) // 640], number, chance) for number in range(640))
        deposits = tuple(
            CashEvent(f"C{day}", CashKind.DEPOSIT, Decimal(1000), _at(day), day) for day in days if day.day == 15
        )
        reason = f"see /home/me/desk/state/HALT of PAPER-0001 {SCRIPT}"
        full: ReportOutcome = Samples(full=True).of(ReportOutcome)  # whatever a page may be made of
        return replace(
            full, totals=totals(trades), unprotected=Decimal(260), halts=(replace(HALT, reason=reason),),
            period=Period.ALL, first=days[0], last=days[-1], opening=None, equity=tuple(points), benchmark=closes,
            trades=trades, cash_events=deposits, by_strategy={SCRIPT: totals(trades)},
            positions=(replace(POSITION, symbol=SCRIPT),), denial_counts={"HALTED": 1, SCRIPT: 4}, limits_used=LIMITS,
            cost=_cost(),
        )  # fmt: skip

    return made


def backtest_of(report: ReportOutcome) -> BacktestOutcome:
    """A backtest with this report, whose result may be luck."""
    full: BacktestOutcome = Samples(full=True).of(BacktestOutcome)
    variants = tuple(
        Variant(name, Decimal(100_000) + difference, difference, 40)
        for name, difference in (
            ("MAX_ORDER_VALUE", Decimal(-44)), ("MAX_DAILY_TRADES", Decimal(0)), ("MAX_POSITIONS", Decimal("812.40")),
        )
    )  # fmt: skip
    return replace(
        full, report=report, sessions=60, sessions_asked=61, universe=4, survivors=4, without_limit=variants,
        strategy_parameters={"swing": {"stop": 0.05, "short": True}},
        verdicts=(Verdict(SCRIPT, False, ("warm-up: differs",), "asked session by session, as live"),),
        luck=Luck(12, 0.05, 0.06, 0.7, 0.42, 900.5, 60, "1 line of trials.jsonl cannot be read"),
    )  # fmt: skip


def _cost() -> TradingCost:
    prices = Decimal("25.10"), Decimal(1), Decimal("25.00"), Decimal("25.05"), False
    names = (SCRIPT, "rsi2_mean_reversion", "a_strategy_with_a_rather_long_name")
    return trading_cost(
        fill_sums(Execution(name, 9 + 6 * (name == SCRIPT), 1, Decimal(100), *prices) for name in names)
    )


def _point(day: date, equity: float, exposure: float) -> EquityPoint:
    worth = Decimal(f"{equity:.2f}")
    held = Decimal(f"{equity * exposure:.2f}")
    return EquityPoint(day, _at(day), worth, worth - held, held, Decimal(0), worth)


def _trade(day: date, number: int, chance: Random) -> Trade:
    gain = Decimal(f"{chance.gauss(2, 60):.2f}")
    return Trade(
        f"T{number:04}", SCRIPT if number % 5 == 0 else "rsi2_mean_reversion", "AAPL" if number % 3 else SCRIPT,
        Side.BUY, Decimal(10), Decimal("25.10"), Decimal("25.10") + gain / 10, Decimal(2), gain - 2, _at(day), _at(day),
        day, day, f"target </td>{SCRIPT}" if number % 4 == 0 else "stop",
    )  # fmt: skip


def _at(day: date) -> datetime:
    return datetime.combine(day, time(21), UTC)
