"""The summary of a session: what needs a person first, and never more than seven lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.core.builders import NOW, TODAY, YESTERDAY, D, cash, fill
from tradebot.core.accounting.bridge import Booked, Holdings, Moment, Movements, bridge
from tradebot.core.model.account import CashKind
from tradebot.core.model.breaks import Break, BreakKind, BreakSeverity
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.holdings import Trade
from tradebot.core.model.ledger_rows import EquityPoint, RunStatus
from tradebot.core.model.orders import Side
from tradebot.core.model.schedule import Job
from tradebot.core.results.daily_summary import DailySummary, daily_summary
from tradebot.core.results.outcomes import FailureLine
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.safety.schedule_status import JobStatus, SessionJob

HALT = Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "a fire alarm", NOW)


def point(session: date, equity: str) -> EquityPoint:
    return EquityPoint(session, NOW, D(equity), D(equity), D(0), D(0), D("99000"))


def report(**more: Any) -> ReportOutcome:
    usual: dict[str, Any] = {"equity": (point(YESTERDAY, "100000"), point(TODAY, "100000"))}
    return ReportOutcome(Job.REPORT, TODAY, RunStatus.RAN, "", **{**usual, **more})


def summary(
    outcome: ReportOutcome | None = None, halts: Sequence[Halt] = (), jobs: Sequence[SessionJob] = ()
) -> DailySummary:
    return daily_summary(outcome or report(), TODAY, halts, jobs)


def trade(symbol: str, pnl: str, reason: str) -> Trade:
    return Trade(
        f"t-{symbol}", "trend", symbol, Side.BUY, D(10), D(50), D(51), D(2), D(pnl), NOW, NOW, YESTERDAY, TODAY, reason
    )


def held(symbol: str, quantity: str, last: str, to_stop: str = "0", bare: str = "0") -> PositionLine:
    worth = D(quantity) * D(last)
    return PositionLine(
        "trend", symbol, D(quantity), D(50), D(last), worth, D(0), None, None, TODAY, True, D(to_stop), D(bare)
    )


def test_a_quiet_day_is_no_news() -> None:
    quiet = summary()
    assert quiet.lines == (
        "Nothing needs you.",
        "Traded: nothing",
        "Equity: $100,000.00, $0.00 (0%) on the day",
        "Held: nothing",
    )
    assert quiet.title == "2007-01-04: $0.00, nothing traded"
    assert not quiet.is_news


def test_a_day_with_trades() -> None:
    told = summary(
        report(
            equity=(point(YESTERDAY, "100000"), point(TODAY, "101073.28")),
            period_fills=(
                fill("f1", Side.BUY, "60", "50.10"),
                fill("f2", Side.BUY, "40", "50.20"),
                fill("f3", Side.SELL, "10", "30.00", symbol="MSFT"),
                fill("f0", Side.SELL, "10", "30.00", symbol="OLDN", session=YESTERDAY),
            ),
            trades=(trade("MSFT", "75.50", "target"), trade("IBM", "-10", "stop")),
            cash_events=(cash("1000", CashKind.DEPOSIT), cash("5", CashKind.DIVIDEND)),
            positions=(held("AAPL", "100", "51", to_stop="200"), held("IBM", "10", "100", bare="1000")),
        )
    )
    assert told.lines == (
        "Nothing needs you.",
        "Traded: bought 100 AAPL at 50.14, sold 10 MSFT at 30.00",
        "Closed: 2 trades, 1 won, +$65.50 after fees: MSFT +$75.50 (target), IBM -$10.00 (stop)",
        "Equity: $101,073.28, +$73.28 (+0.07%) on the day, $1,000.00 paid in",
        "Held: 2 positions, $6,100.00. If every stop fills at its price, $1,200.00 is lost, $1,000.00 of it shares "
        "without a stop, in full; a gap loses more.",
    )
    assert told.title == "2007-01-04: +$73.28, 1 bought, 1 sold"
    assert told.is_news


def test_what_was_not_done_comes_first_then_halts_then_what_to_look_at() -> None:
    jobs = [
        SessionJob(YESTERDAY, Job.RUN_DAILY, JobStatus.MISSED),
        SessionJob(TODAY, Job.PREFLIGHT, JobStatus.RAN),
        SessionJob(TODAY, Job.CHECK_EXITS, JobStatus.FAILED),
        SessionJob(TODAY, Job.RECONCILE, JobStatus.OVERDUE),
    ]
    broken = Break(BreakKind.QUANTITY, "AAPL", D(1), D(2), "AAPL: 1 here, 2 there", TODAY, TODAY, 0,
                   BreakSeverity.WARNING)  # fmt: skip
    outcome = report(breaks=(broken,), unprotected=D("1234.5"), failures=(FailureLine("trend", "it fell over"),))
    told = summary(outcome, [HALT, HALT], jobs)
    assert told.lines[:3] == (
        "Not done: missed: 2007-01-03 run-daily; check-exits of 2007-01-04 failed; "
        "reconcile of 2007-01-04 has not begun. `tradebot status` shows them.",
        "HALTED: a fire alarm. It holds until `tradebot resume`.",
        "Look at: differences to the broker: AAPL quantity; $1,234.50 without a stop; trend: it fell over",
    )
    assert told.title.endswith("needs you")
    assert told.is_news


@pytest.mark.parametrize("what", ["halts", "jobs", "unprotected"])
def test_each_trouble_alone_is_news(what: str) -> None:
    assert summary(report(unprotected=D(1)) if what == "unprotected" else None,
                   [HALT] if what == "halts" else (),
                   [SessionJob(TODAY, Job.RUN_DAILY, JobStatus.BLOCKED)] if what == "jobs" else ()).is_news  # fmt: skip


def test_the_worst_day_has_seven_lines_of_one_line_each() -> None:
    jobs = [SessionJob(TODAY - timedelta(days=n), Job.RUN_DAILY, JobStatus.MISSED) for n in range(20)]
    halts = [HALT, *(Halt(HaltSource.LEDGER, HaltRule.BREAKS, HaltLevel.HALTED, f"no {n}\n\n", NOW) for n in range(9))]
    fills = [fill(f"f{n}", Side.BUY, "1", "1", symbol=f"SYM{n}") for n in range(50)]
    outcome = report(
        period_fills=tuple(fills),
        trades=tuple(trade(f"SYM{n}", "1", "x" * 300) for n in range(50)),
        failures=tuple(FailureLine("a", "b\n" * 200) for _ in range(9)),
        positions=tuple(held(f"SYM{n}", "1", "1") for n in range(50)),
    )
    told = summary(outcome, halts, jobs)
    assert len(told.text.splitlines()) == len(told.lines) == 7
    assert max(map(len, told.lines)) <= 200
    assert "and 46 more orders" in told.lines[3]


def test_the_first_session_is_measured_from_the_opening() -> None:
    told = summary(report(equity=(point(TODAY, "50000"), point(TODAY, "50100"))))
    assert "Equity: $50,100.00, +$100.00 (+0.2%) on the day" in told.lines


def test_a_session_without_a_close_says_so() -> None:
    told = summary(report(equity=(point(YESTERDAY, "100000"),)))
    assert "Equity: no close was recorded for this session" in told.lines
    assert told.title == "2007-01-04: no close yet, nothing traded"


def test_a_withdrawal_is_no_loss() -> None:
    told = summary(
        report(
            equity=(point(YESTERDAY, "100000"), point(TODAY, "90000")),
            cash_events=(cash("-10000", CashKind.WITHDRAWAL),),
        )
    )
    assert "Equity: $90,000.00, $0.00 (0%) on the day, $10,000.00 paid out" in told.lines


def test_a_deposit_of_the_weekend_is_no_gain_of_monday() -> None:
    weekend = replace(cash("500", CashKind.DEPOSIT), session=YESTERDAY + timedelta(days=3))
    monday = YESTERDAY + timedelta(days=5)
    outcome = report(equity=(point(YESTERDAY, "100000"), point(monday, "100500")), cash_events=(weekend,))
    assert "Equity: $100,500.00, $0.00 (0%) on the day, $500.00 paid in" in daily_summary(outcome, monday, (), ()).lines


def test_the_bridge_of_a_report_on_the_day_counts() -> None:
    """A day's report has the cash events of its day alone, and the bridge those since the close before."""
    made = bridge(
        Moment(NOW - timedelta(days=3), D("100000"), {}, is_close=True),
        Moment(NOW, D("100600"), {}, is_close=False),
        Booked(Holdings(D("100000"), {}, D(0)), Holdings(D("100600"), {}, D(0)),
               Movements(cash={CashKind.DEPOSIT: D(500), CashKind.DIVIDEND: D(100)})),
    )  # fmt: skip
    told = summary(report(equity=(point(YESTERDAY, "100000"), point(TODAY, "100600")), first=TODAY, bridge=made))
    assert "Equity, not of a close: $100,600.00, +$100.00 (+0.1%) on the day, $500.00 paid in" in told.lines
