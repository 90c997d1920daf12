"""What a review tells to look at: each with its figures, and nothing where nothing stands out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tradebot.core.accounting.bridge import Booked, Holdings, Moment, Movements, bridge
from tradebot.core.accounting.fill_sums import Execution, fill_sums
from tradebot.core.accounting.performance import Totals
from tradebot.core.accounting.trading_cost import trading_cost
from tradebot.core.model.account import CashKind
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.bare_lines import BareLine
from tradebot.core.results.period_lines import BreakLine, DrillLine, HaltLine, JobCount, LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.core.results.review import review_of

D = Decimal
NOW, DAY = datetime(2007, 1, 3, 15, tzinfo=UTC), date(2007, 1, 3)
QUIET = ReportOutcome(Job.REPORT, DAY, RunStatus.RAN, "", period=Period.WEEK)
LOST = Totals(2, 0, 2, D(0), D(50), D(2), D(-20), D(-30))
WON = Totals(1, 1, 0, D(10), D(0), D(1), D(10), D(10))
DEAR = trading_cost(fill_sums([Execution("trend", 9, 1, D(100), D("50.10"), D(1), D(50), D(50), rests=False)]))
OLD = trading_cost(fill_sums([Execution("trend", 9, 1, D(100), D(50), D(0), D(50), None, rests=False)]))
#: Ten dollars gained by what is still held, and 90 paid in.
HELD = bridge(
    Moment(NOW, D(1000), {}, is_close=True),
    Moment(NOW, D(1100), {"IBM": D(51)}, is_close=True),
    Booked(
        Holdings(D(1000), {}, D(0)),
        Holdings(D(590), {"IBM": D(10)}, D(499)),
        Movements(shares={"IBM": D(10)}, bought=D(499), fill_fees=D(1), cash={CashKind.DEPOSIT: D(90)}),
    ),
)


def test_a_quiet_week_has_nothing_to_look_at_and_all_questions() -> None:
    review = review_of(QUIET)
    assert review.look_at == ()
    assert len(review.questions) == 7
    assert review_of(replace(QUIET, period=Period.YEAR)).questions != review.questions


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"halts_in_period": (HaltLine("daily_loss", "halted", "the account", "3 %", NOW, None, "", None),)},
            "the account was halted by daily loss: 3 %",
        ),
        ({"jobs": (JobCount("run-daily", "failed", 2),)}, "2 runs failed or did not come: see What went wrong"),
        ({"jobs": (JobCount("report", "missed", 1),)}, "1 run failed or did not come: see What went wrong"),
        (
            {"breaks_in_period": (BreakLine("quantity", "AAPL", "critical", D(9), "5 shares", DAY, None),)},
            "1 difference between ledger and broker: see What went wrong",
        ),
        (
            {"limits_used": (LimitLine("MAX_POSITIONS", D(8), D(10), D("0.8"), DAY),)},
            "MAX_POSITIONS was used to 80% on 2007-01-03",
        ),
        (
            {"limits_used": (LimitLine("MAX_POSITION_SIZE_PCT", D("0.11"), D("0.1"), D("1.1"), DAY),)},
            "MAX_POSITION_SIZE_PCT was used to 110%",
        ),
        ({"sessions_without_limits": 3}, "the use of limits is not recorded for 3 sessions"),
        ({"by_strategy": {"trend": LOST}}, "trend lost $50.00 in 2 round trips"),
        ({"cost": DEAR, "bridge": HELD}, "slippage and commissions took $11.00, 52.38% of the gain of $21.00 before"),
        ({"cost": OLD}, "slippage leaves out 1 fill, whose prices are not recorded"),
        (
            {"bare": (BareLine("IBM", "trend", D(1), D(90), NOW, None, D(61)),)},
            "shares had no live stop for 61 seconds in all",
        ),
        ({"drills": (DrillLine(NOW, False, None, None, None),)}, "a drill of the emergency stop failed"),
        ({"period": Period.YEAR}, "no drill of the emergency stop passed"),
    ],
)
def test_what_stands_out_is_told_with_its_figures(changes: dict[str, object], words: str) -> None:
    assert any(words in text for text in review_of(replace(QUIET, **changes)).look_at)  # type: ignore[arg-type]


def test_cost_is_compared_with_what_was_gained_by_all_that_was_held() -> None:
    """A closed trade that won ten dollars is a part of the gain only, and says nothing where the rest is not known."""
    assert HELD.not_explained == 0
    rich = replace(QUIET, cost=DEAR, totals=WON, bridge=replace(HELD, unrealised=D(100)))
    assert review_of(rich).look_at == ()
    assert review_of(replace(rich, bridge=None)).look_at == ()


def test_what_is_as_it_should_be_is_not_told() -> None:
    fine = replace(
        QUIET,
        period=Period.YEAR,
        jobs=(JobCount("report", "ran", 250),),
        limits_used=(
            LimitLine("MAX_POSITIONS", D(7), D(10), D("0.7"), DAY),
            LimitLine("MAX_ORDER_VALUE", D(9999), D(10000), D("0.9999"), DAY),  # orders are sized to it
        ),
        by_strategy={"trend": WON},
        drills=(DrillLine(NOW, True, 0.1, 0.2, 1.0),),
    )
    assert review_of(fine).look_at == ()
