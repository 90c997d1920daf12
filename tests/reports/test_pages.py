"""What people read after each job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.core.builders import limits_with
from tests.reports.conftest import NOON, SESSION, Place
from tests.reports.test_json_output import ORDER
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import DecisionRow, Run, RunStatus
from tradebot.core.model.limits import Counters
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.model.schedule import Job
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.outcomes import ExitLine, FailureLine, Outcome
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.preflight_checks import Check, CheckResult, PreflightOutcome
from tradebot.core.results.report_outcome import Period, ReplayOutcome, ReportOutcome
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.results.stop_outcome import DrillOutcome, StopLine, StopOutcome, StopResult
from tradebot.core.risk.circuit_breakers import EquityLoss, LimitUse
from tradebot.core.safety.stop_coverage import Gap, GapKind
from tradebot.errors import ExitCode
from tradebot.reports.layout import Cell, Page, Table, Tone
from tradebot.reports.pages import trading
from tradebot.reports.pages.checks import explain_page, preflight_page, reconcile_page
from tradebot.reports.pages.common import order_text
from tradebot.reports.pages.emergency_stop import drill_page, stop_page
from tradebot.reports.pages.report import replay_page, report_page
from tradebot.reports.pages.status import resume_page, status_page
from tradebot.reports.statistics import statistics

Plain = Callable[[Page], str]

TOTALS = Totals(3, 2, 1, Decimal(300), Decimal(100), Decimal("4.5"), Decimal(200), Decimal(-100))
POSITION = PositionLine(
    "rsi2", "AAPL", Decimal(10), Decimal("25.10"), Decimal("26.00"), Decimal(260), Decimal(9),
    Decimal("24.85"), None, SESSION, True,
)  # fmt: skip
USED = LimitUse(
    positions=1,
    gross_exposure=Decimal("0.999"),
    daily_loss=EquityLoss(Decimal(1000), Decimal(970), Decimal("0.03"), Decimal("0.03")),
    drawdown=EquityLoss(Decimal(1200), Decimal(970), Decimal("0.0999"), Decimal("0.1")),
)
HALT = Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, "a drill", since=NOON)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"target": Decimal("28.87")}, "BUY 10 AAPL @ 25.10, stop 24.85, target 28.87"),
        ({"stop": None}, "BUY 10 AAPL @ 25.10"),
        (
            {"side": Side.SELL, "type": OrderType.STOP, "price": Decimal("24.85"), "stop": None},
            "SELL 10 AAPL stop @ 24.85",
        ),
        ({"state": OrderState.SUBMITTING, "price": None, "stop": None}, "BUY 10 AAPL @ -"),
    ],
)
def test_an_order_is_said_as_traders_say_it(change: dict[str, object], text: str) -> None:
    assert order_text(replace(ORDER, **change)) == text  # type: ignore[arg-type]


def test_the_story_of_a_session_is_told_in_order(base: Outcome, place: Place, plain: Plain) -> None:
    text = plain(
        trading.page(
            replace(
                base,
                codes=frozenset({ExitCode.DEGRADED}),
                strategies=("rsi2 1.0 on AAPL, IBM",),
                orders=(
                    ORDER,
                    replace(ORDER, symbol="IBM", filled_quantity=Decimal(4), state=OrderState.PARTIALLY_FILLED),
                ),
                denials=(
                    Denial(DenialCode.MAX_POSITIONS, "rsi2", "MSFT", Purpose.ENTRY, "10 are open, 10 is the most"),
                ),
                exits=(ExitLine("rsi2", "GOOG", Decimal(5), Decimal(400), Decimal("380.5"), Decimal(440), "holds"),),
                gaps=(Gap(GapKind.MISSING, "rsi2", "FB", Decimal(7), Decimal(0), Decimal(20), Decimal(140)),),
                failures=(FailureLine("strategy other", "it raised"),),
                unprotected=Decimal(140),
                totals=TOTALS,
            ),
            place,
        )
    )
    wanted = [
        "exit code 11: the job did its work, but",
        "strategy loaded: rsi2 1.0 on AAPL, IBM",
        "GOOG", "holds",
        "Plan executed: 2 orders, 2 filled, 1 denial",
        "BUY 10 AAPL @ 25.10, stop 24.85 (filled)", "rsi2: RSI2 9",
        "BUY 10 IBM @ 25.10, stop 24.85 (partially filled, 4 of 10 filled)",
        "MAX_POSITIONS", "10 are open, 10 is the most",
        "GOOG: stop 380.50 and target 440.00 for 5 shares",
        "AAPL: stop 24.85 for 10 shares",
        "FB: 7 held, 0 protected (missing)",
        "strategy other: it raised",
        "total trades           3 (2 won, 1 lost)", "win rate               66.7%", "total P&L              +200.00",
        "profit factor          3.00",
        "/home/me/desk/trading_robot.db", "/home/me/desk/logs",
    ]  # fmt: skip
    places = [text.find(words) for words in wanted]
    assert -1 not in places, wanted[places.index(-1)]
    assert places == sorted(places)


def test_a_position_that_was_sold_does_not_rest_at_the_exchange(base: Outcome, place: Place, plain: Plain) -> None:
    sold = replace(ORDER, side=Side.SELL, purpose=Purpose.EXIT, stop=None)
    held = ExitLine("rsi2", "AAPL", Decimal(10), Decimal(25), Decimal(24), None, "sold: time exit")
    assert "Resting" not in plain(trading.page(replace(base, orders=(sold,), exits=(held,)), place))


def test_a_session_without_an_order_tells_its_plan_and_its_exits_all_the_same(
    base: Outcome, place: Place, plain: Plain
) -> None:
    text = plain(trading.page(base, place))
    assert "Exits checked\n  no position held" in text
    assert "Plan executed: 0 orders, 0 filled, 0 denials" in text


def test_a_run_with_nothing_to_do_says_only_that(base: Outcome, place: Place, plain: Plain) -> None:
    idle = replace(base, status=RunStatus.IDLE, headline="the exchange is closed: nothing to do")
    assert plain(trading.page(idle, place)).split("\n") == [
        "", "run-daily", "  the exchange is closed: nothing to do", "",
    ]  # fmt: skip


def test_preflight_says_what_to_do_about_what_did_not_pass(base: Outcome, place: Place, plain: Plain) -> None:
    checks = (
        Check("lock", CheckResult.PASS, "free"),
        Check("bars", CheckResult.FAIL, "there are none", "check PAPER_DATA"),
    )
    blocked = PreflightOutcome.of(replace(base, codes=frozenset({ExitCode.BLOCKED})), checks=checks)
    text = plain(preflight_page(blocked, place))
    assert "FAIL    there are none" in text
    assert "check PAPER_DATA" in text
    assert "exit code 5" in text


def test_reconcile_shows_a_table_of_breaks(base: Outcome, place: Place, plain: Plain) -> None:
    shares = (Decimal(10), Decimal(0))
    found = Break(BreakKind.MISSING_THERE, "AAPL", *shares, "the broker shows none", first_seen=SESSION, age_sessions=2)
    text = plain(reconcile_page(replace(base, breaks=(found,), codes=frozenset({ExitCode.BREAKS})), place))
    assert "exit code 7" in text
    row = next(line for line in text.splitlines() if "missing there" in line)
    assert row.split()[2:10] == ["warning", "AAPL", "10", "0", "2007-01-03", "2", "the", "broker"]


def test_explain_gives_the_reason_and_the_numbers_of_each_decision(base: Outcome, place: Place, plain: Plain) -> None:
    row = DecisionRow(
        SESSION, NOON, "rsi2", "AAPL", "entry", "denied", "MAX_POSITIONS", "too many", Decimal(11), Decimal(10)
    )
    taken = replace(row, outcome="intent", code="", message="RSI2 9", value=Decimal(63), limit=Decimal("78.915"))
    text = plain(explain_page(ExplainOutcome.of(base, symbol="AAPL", decisions=(row, taken)), place))
    assert "2007-01-03 12:00 EST  rsi2  entry: MAX_POSITIONS\n    too many [11 against 10]" in text
    assert "2007-01-03 12:00 EST  rsi2  entry: intent\n    RSI2 9 [63 shares, planned at 78.915]" in text


def test_status_shows_the_halt_the_lock_the_runs_and_the_limits(base: Outcome, place: Place, plain: Plain) -> None:
    run = Run(1, Job.RUN_DAILY, SESSION, RunStatus.FAILED, 6, NOON, NOON, NOON, NOON, 17, "the broker is away")
    status = StatusOutcome.of(
        replace(base, halts=(HALT,)), level=HaltLevel.HALTED, lock_holder="pid 17 (run-daily)", last_runs=(run,),
        positions=(replace(POSITION, protected=False),), limits=limits_with(), now=NOON,
        counters=Counters(SESSION, 20, Decimal(1000), Decimal(1200)), used=USED,
    )  # fmt: skip
    text = plain(status_page(status, place))
    for words in (
        "HALTED: only cancels", "pid 17 (run-daily)", "HALTED: a drill", "latch file (operator)",
        "until `tradebot resume`", "the broker is away", "NO ", "2007-01-03 12:00 EST",
    ):  # fmt: skip
        assert words in text
    figures = {name.strip(): row for name, *row in (line.rsplit(maxsplit=2) for line in text.splitlines() if line)}
    assert figures["entries sent"] == ["20", "20"]
    assert figures["gross exposure, without gains"] == ["99.90%", "100.00%"]
    assert figures["loss today"] == ["3.00%", "3.00%"]
    assert figures["fall from the peak"] == ["9.99%", "10.00%"]


def test_status_marks_a_figure_that_reached_its_limit(base: Outcome, place: Place) -> None:
    status = StatusOutcome.of(
        base, limits=limits_with(), now=NOON, used=USED, counters=Counters(SESSION, 0, Decimal(1000), Decimal(1200))
    )
    tables = (block for block in status_page(status, place) if isinstance(block, Table))
    (limits,) = (table for table in tables if table.columns[0].name == "limit")
    marked = {row[0] for row in limits.rows if isinstance(row[1], Cell) and row[1].tone is Tone.BAD}
    assert marked == {"loss today"}


def test_the_rest_of_a_shared_position_has_a_line_and_no_word_on_its_stop(
    base: Outcome, place: Place, plain: Plain
) -> None:
    rest = replace(POSITION, strategy="foreign", quantity=Decimal(7), stop=None, protected=None)
    status = StatusOutcome.of(base, positions=(POSITION, rest), limits=limits_with(), counters=Counters(
        SESSION, 0, Decimal(1000), Decimal(1200)
    ), now=NOON, used=USED)  # fmt: skip
    text = plain(status_page(status, place))
    ours, foreign = (line.split() for line in text.splitlines() if "AAPL" in line)
    assert (ours[1], ours[-2:]) == ("10", ["yes", "rsi2"])
    assert (foreign[1], foreign[-2:]) == ("7", ["-", "foreign"])
    assert next(line.split() for line in text.splitlines() if "positions  " in line)[1] == "1"


def test_a_halt_in_the_latch_file_and_the_ledger_is_told_once(base: Outcome, place: Place, plain: Plain) -> None:
    text = plain(resume_page(replace(base, halts=(HALT, replace(HALT, source=HaltSource.LEDGER))), place))
    assert text.count("a drill") == 1
    assert "set by latch file and ledger (operator)" in text


def test_a_halt_of_the_environment_ends_where_it_was_set(base: Outcome, place: Place, plain: Plain) -> None:
    halt = Halt(HaltSource.ENVIRONMENT, HaltRule.OPERATOR, HaltLevel.HALTED, "EMERGENCY_STOP_ENABLED=true")
    text = plain(resume_page(replace(base, halts=(halt,)), place))
    assert "until EMERGENCY_STOP_ENABLED is unset" in text
    assert "tradebot resume" not in text


def test_an_emergency_stop_ends_with_what_is_left(base: Outcome, place: Place, plain: Plain) -> None:
    lines = (
        StopLine("order", "AAPL", Decimal(10), StopResult.CANCELLED, Decimal(251)),
        StopLine("order", "AAPL", Decimal(10), StopResult.FOREIGN, Decimal(251)),
        StopLine("position", "AAPL", Decimal(10), StopResult.STILL_OPEN, Decimal(260), "queued for the open"),
    )
    dollars = {"cancelled_dollars": Decimal(251), "closed_dollars": Decimal(0), "open_dollars": Decimal(260)}
    stop = StopOutcome.of(replace(base, halts=(HALT,)), lines=lines, still_open_positions=1, **dollars)
    text = plain(stop_page(stop, place))
    assert ["cancelled", "251.00", "USD"] in [line.split() for line in text.splitlines()]
    assert ["still", "open", "260.00", "USD"] in [line.split() for line in text.splitlines()]
    assert "0 orders of ours that could open or add, 1 position of ours" in text
    assert "1 order not made by tradebot" in text
    assert "queued for the open" in text
    assert "tradebot resume" in text
    assert "HALTED: a drill" in plain(resume_page(replace(base, halts=(HALT,)), place))


def test_what_an_emergency_stop_could_not_read_is_not_told_as_nothing(
    base: Outcome, place: Place, plain: Plain
) -> None:
    stop = StopOutcome.of(base, still_open_orders=None, still_open_positions=None, open_dollars=None)
    text = plain(stop_page(stop, place))
    assert ["still", "open", "not", "known"] in [line.split() for line in text.splitlines()]
    assert "an unknown number of orders of ours that could open or add" in text


def test_a_dry_run_says_what_it_would_come_to_and_names_no_halt(base: Outcome, place: Place, plain: Plain) -> None:
    lines = (StopLine("position", "AAPL", Decimal(10), StopResult.WOULD_CLOSE, Decimal(260)),)
    text = plain(stop_page(StopOutcome.of(replace(base, status=RunStatus.IDLE), lines=lines), place))
    assert "would be closed" in text
    assert "In all, if it were run" in text
    assert "resume" not in text


def test_a_drill_ends_with_what_it_took(plain: Plain) -> None:
    drill = DrillOutcome(True, 0.31, 0.52, 0.6, "stopped: nothing is left\nposition 1 AAPL: closed")
    text = plain(drill_page(drill))
    assert "The drill passed." in text
    assert ["to", "the", "latch", "0.31", "s"] in [line.split() for line in text.splitlines()]
    assert "position 1 AAPL: closed" in text
    assert "never" in plain(drill_page(replace(drill, passed=False, to_flat=None)))


def test_a_report_holds_the_runbooks_figures(
    report_of: Callable[..., ReportOutcome], base: Outcome, place: Place, plain: Plain
) -> None:
    report = replace(
        report_of("101000", "100500"),
        totals=TOTALS,
        by_strategy={"rsi2": TOTALS},
        positions=(POSITION,),
        denial_counts={"HALTED": 1, "BUYING_POWER": 4},
        unprotected=Decimal(260),
    )
    text = plain(report_page(report, place, statistics(report)))
    for words in (
        "before                      100,000.00", "change                      +500.00",
        "win rate               66.7%", "profit factor          3.00", "total return", "sample deviation",
        "260.00 USD have no stop at the broker",
    ):  # fmt: skip
        assert words in text
    assert text.index("BUYING_POWER") < text.index("HALTED"), "the most frequent first"
    replayed = ReplayOutcome.of(base, sessions=20, jobs_run=100, seconds=4.0, report=report)
    text = plain(replay_page(replayed, place, statistics(report)))
    assert "20 sessions, 100 jobs in 4.0 s (5.0 sessions a second)" in text
    assert "win rate               66.7%" in text


def test_a_day_has_no_statistics(report_of: Callable[..., ReportOutcome], place: Place, plain: Plain) -> None:
    report = report_of("101000", period=Period.DAY)
    assert "Statistics" not in plain(report_page(report, place, statistics(report)))


def test_the_fees_are_those_of_closed_trades(
    report_of: Callable[..., ReportOutcome], place: Place, plain: Plain
) -> None:
    report = replace(report_of("101000"), totals=TOTALS)
    assert "fees of closed trades  4.50" in plain(report_page(report, place, ()))


def test_an_empty_report_says_so(report_of: Callable[..., ReportOutcome], place: Place, plain: Plain) -> None:
    text = plain(report_page(report_of(), place, ()))
    assert "no closing equity was recorded in this period" in text
