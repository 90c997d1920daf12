"""The metrics of a home, from the outcome of `status` and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.core.builders import NOW, TODAY, D, account, counters
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.breaks import Break, BreakKind, BreakSeverity
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.account_now import Reached
from tradebot.core.results.alerts import Alert, DeliveryState, QueuedAlert
from tradebot.core.results.bare_lines import BareLine
from tradebot.core.results.job_lines import JobLine, SessionJobs
from tradebot.core.results.metric_families import FAMILIES, OF_A_HOME
from tradebot.core.results.metrics import DiskSpace, HomeView, home_metrics
from tradebot.core.results.needs import Need
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.risk.circuit_breakers import EquityLoss, LimitUse
from tradebot.core.safety.schedule_status import JobStatus

LINE = PositionLine("trend", "AAPL", D(10), D(25), D(26), D(260), D(10), D(24), None, TODAY, True)
HALT = Halt(HaltSource.LEDGER, HaltRule.DAILY_LOSS, HaltLevel.REDUCING, "lost", since=NOW)
LOSS = EquityLoss(D(100_000), D(98_500), D("0.015"), D("0.02"), "the last close")
STATUS = StatusOutcome.of(
    replace(
        Outcome(Job.STATUS, TODAY, RunStatus.RAN, "fine", halts=(HALT, replace(HALT, source=HaltSource.LATCH_FILE))),
        account=account("98500"),
        breaks=(
            Break(BreakKind.CASH, "", D(5), D(0), "", severity=BreakSeverity.WARNING, dollars=D(5)),
            Break(BreakKind.UNPROTECTED, "AAPL", D(5), D(0), "", severity=BreakSeverity.CRITICAL, dollars=D(900)),
        ),
        unprotected=D(900),
    ),
    level=HaltLevel.REDUCING,
    last_runs=(
        Run(7, Job.RUN_DAILY, TODAY, RunStatus.FAILED, 6, NOW, NOW, NOW, NOW + timedelta(seconds=12), 1),
        Run(8, Job.REPORT, TODAY, RunStatus.RUNNING, None, NOW, None, NOW, None, 1),
    ),
    positions=(LINE, replace(LINE, strategy=FOREIGN, symbol="IBM", pnl=D(-4))),
    bare=(
        BareLine("AAPL", "trend", D(10), D(900), NOW, None, D(60)),
        BareLine("MSFT", "trend", D(10), D(900), NOW, NOW, D(90)),
    ),
    counters=counters(entries=3, orders_sent=5),
    used=LimitUse(2, D("0.4"), LOSS, LOSS),
    needs=(Need("a", "b"),),
)
QUEUED = QueuedAlert(1, "", Alert("critical", "", "", NOW), DeliveryState.WAITING, NOW - timedelta(minutes=5))
JOBS = tuple(
    JobLine(TODAY, job, mark, NOW - timedelta(minutes=7), NOW, NOW + timedelta(hours=1))
    for job, mark in (
        (Job.PREFLIGHT, JobStatus.MISSED),
        (Job.RUN_DAILY, JobStatus.FAILED),
        (Job.CHECK_EXITS, JobStatus.OVERDUE),
        (Job.RECONCILE, JobStatus.DUE),
    )
)
VIEW = HomeView(
    home="main",
    at=NOW,
    database=Reached(True, 0.002, NOW),
    broker=Reached(True, 0.4, NOW),
    broker_name="robinhood",
    mode="live",
    account="123456789",
    status=STATUS,
    known_at=NOW - timedelta(seconds=20),
    jobs=SessionJobs(TODAY, NOW, JOBS),
    limits_used=(
        LimitLine("MAX_GROSS_EXPOSURE_PCT", D("0.4"), D("0.8"), D("0.5"), TODAY),
        LimitLine("MAX_DAILY_TRADES", D(3), D(10), D("0.3"), TODAY),
    ),
    totals=Totals(4, 3, 1, D(300), D(100), D(4), D(200), D(-100)),
    waiting=(QUEUED, replace(QUEUED, since=NOW)),
    token_ends=NOW + timedelta(days=3),
    disk=DiskSpace(5, 10),
)


def told(view: HomeView) -> Mapping[str, float]:
    """The value by name and labels, without that of the home."""
    samples = home_metrics(view)
    by_name = {" ".join((each.family.name, *each.labels[1:])): float(each.value) for each in samples}
    assert len(by_name) == len(samples), "a sample is told twice"
    assert {each.labels[0] for each in samples} == {"main"}
    return {name.removeprefix("tradebot_"): value for name, value in by_name.items()}


def test_a_full_view_has_a_value_for_every_metric() -> None:
    assert told(VIEW) == {
        "collected_timestamp_seconds": NOW.timestamp(),
        "account_info robinhood live ******789": 1,
        "database_up": 1,
        "database_response_seconds": 0.002,
        "broker_up": 1,
        "broker_response_seconds": 0.4,
        "account_known_timestamp_seconds": NOW.timestamp() - 20,
        "broker_token_expiry_timestamp_seconds": NOW.timestamp() + 3 * 86400,
        "job_last_start_timestamp_seconds run-daily": NOW.timestamp(),
        "job_last_start_timestamp_seconds report": NOW.timestamp(),
        "job_last_end_timestamp_seconds run-daily": NOW.timestamp() + 12,
        "job_last_duration_seconds run-daily": 12,
        "job_last_exit_code run-daily": 6,
        "job_last_status run-daily failed": 1,
        "job_last_status report running": 1,
        "job_overdue_seconds preflight": 0,
        "job_overdue_seconds run-daily": 0,
        "job_overdue_seconds check-exits": 420,
        "job_overdue_seconds reconcile": 0,
        "jobs_undone missed": 1,
        "jobs_undone failed": 1,
        "lock_held": 0,
        "equity_dollars": 98500,
        "cash_dollars": float(account("98500").cash),
        "buying_power_dollars": float(account("98500").buying_power),
        "day_result_dollars": -1500,
        "unrealised_dollars": 6,
        "realised_dollars": 200,
        "trades_total": 4,
        "trades_won_total": 3,
        "win_ratio": 0.75,
        "session_entries": 3,
        "session_orders": 5,
        "positions strategy": 1,
        "positions foreign": 1,
        "gross_exposure_ratio": 0.4,
        "limit MAX_GROSS_EXPOSURE_PCT": 0.8,
        "limit MAX_DAILY_TRADES": 10,
        "limit_used_ratio MAX_GROSS_EXPOSURE_PCT": 0.5,
        "limit_used_ratio MAX_DAILY_TRADES": 0.3,
        "unprotected_dollars": 900,
        "bare_seconds": 150,
        "bare_longest_seconds": 60,
        "trading_level running": 0,
        "trading_level reducing": 1,
        "trading_level halted": 0,
        "halts daily_loss account": 1,
        "breaks info": 0,
        "breaks warning": 1,
        "breaks critical": 1,
        "breaks_dollars": 5,
        "needs": 1,
        "alerts_waiting summary": 0,
        "alerts_waiting info": 0,
        "alerts_waiting warning": 0,
        "alerts_waiting critical": 2,
        "alerts_oldest_waiting_seconds": 300,
        "disk_free_bytes": 5,
        "disk_size_bytes": 10,
    }


def test_a_ledger_that_cannot_be_read_counts_as_halted_and_the_rest_is_left_out() -> None:
    assert told(HomeView(home="main", at=NOW, database=Reached(False, None, None))) == {
        "collected_timestamp_seconds": NOW.timestamp(),
        "database_up": 0,
        "trading_level running": 0,
        "trading_level reducing": 0,
        "trading_level halted": 1,
    }


def test_without_a_broker_no_figure_is_claimed_that_only_a_look_has() -> None:
    recalled = replace(STATUS, account=None, unprotected=None, used=None, counters=None, bare=(), trouble="it is away")
    found = told(replace(VIEW, status=recalled, broker=Reached(False, None, None), limits_used=()))
    assert found["broker_up"] == 0
    lacking = {"equity_dollars", "day_result_dollars", "unprotected_dollars", "bare_seconds", "gross_exposure_ratio"}
    assert lacking.isdisjoint(found)
    assert "positions strategy" not in found, "nothing was ever known"
    assert told(replace(VIEW, status=replace(recalled, known_at=NOW)))["positions strategy"] == 1


def test_where_a_person_begins_the_sessions_no_job_is_late_or_missed() -> None:
    found = told(replace(VIEW, by_hand=True))
    assert found["jobs_undone failed"] == 1
    assert [name for name in found if name.startswith(("jobs_undone missed", "job_overdue"))] == []


def test_names_and_labels_keep_the_conventions() -> None:
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names)
    for family in FAMILIES:
        assert family.name.startswith("tradebot_")
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name
        assert not family.name.endswith(("_pct", "_ms", "_minutes", "_days", "_usd", "_percent")), family.name
        assert family.meaning.endswith("."), family.name
        assert {"symbol", "strategy", "reason", "client_order_id"}.isdisjoint(family.labels), family.name
    assert all(family.labels[0] == "home" for family in OF_A_HOME)


def test_no_account_number_is_told(numbers: Any = ("123456789", "PA3XYZ12ABC")) -> None:
    for number in numbers:
        assert not any(number in label for each in home_metrics(replace(VIEW, account=number)) for label in each.labels)
