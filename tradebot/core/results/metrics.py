"""The values of a home's metrics, from the outcome of `status` and what stands beside it. What is unknown has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.account_numbers import masked
from tradebot.core.model.breaks import Break, BreakSeverity, unexplained
from tradebot.core.model.halts import Halt, HaltLevel, distinct
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.ledger_rows import Run
from tradebot.core.model.values import ZERO
from tradebot.core.results import metric_families as families
from tradebot.core.results.account_now import Reached
from tradebot.core.results.alerts import LEVELS, QueuedAlert
from tradebot.core.results.job_lines import SessionJobs
from tradebot.core.results.metric_families import Family
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.safety.schedule_status import UNDONE, JobStatus


@dataclass(frozen=True, slots=True)
class Sample:
    """One value. ``labels``: the values of the family's labels, in their order."""

    family: Family
    value: Decimal | float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The room on a drive, in bytes."""

    free: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """What is known of a home at one moment. None and empty: unknown, or not there."""

    home: str  # its name
    at: datetime  # the machine's time, aware UTC
    database: Reached
    broker: Reached | None = None  # None: it was not asked
    broker_name: str = ""
    mode: str = ""  # "paper" or "live"
    account: str = ""  # its number
    status: StatusOutcome | None = None  # None where the ledger could not be read
    known_at: datetime | None = None  # when account and positions were so, by the machine's time
    by_hand: bool = False  # a person begins the sessions of the embedded exchange: no job is late or missed
    jobs: SessionJobs | None = None
    limits_used: tuple[LimitLine, ...] = ()
    totals: Totals | None = None  # of all closed trades
    waiting: tuple[QueuedAlert, ...] | None = None  # alerts
    token_ends: datetime | None = None  # of the session with the broker
    disk: DiskSpace | None = None


def home_metrics(view: HomeView) -> tuple[Sample, ...]:
    """The samples of a home, in the order of ``OF_A_HOME``."""
    found = (*_of_places(view), *_of_alerts(view), *_of_limits(view.limits_used), *_of_trades(view.totals))
    if view.jobs is not None:
        found += tuple(_of_jobs(view.jobs, by_hand=view.by_hand))
    if view.status is None:  # what cannot be read counts as halted
        found += tuple(_of_level(HaltLevel.HALTED))
    else:
        found += (*_of_status(view.status), *_of_account(view.status))
    places = {family: number for number, family in enumerate(families.OF_A_HOME)}
    with_home = (Sample(each.family, each.value, (view.home, *each.labels)) for each in found)
    return tuple(sorted(with_home, key=lambda sample: places[sample.family]))


def _of_places(view: HomeView) -> Iterator[Sample]:
    yield Sample(families.COLLECTED, view.at.timestamp())
    if view.account:
        yield Sample(families.ACCOUNT, 1, (view.broker_name, view.mode, masked(view.account)))
    yield from _reach(families.DATABASE_UP, families.DATABASE_SECONDS, view.database)
    if view.broker is not None:
        yield from _reach(families.BROKER_UP, families.BROKER_SECONDS, view.broker)
    yield from _moment(families.KNOWN, view.known_at)
    yield from _moment(families.TOKEN_EXPIRY, view.token_ends)
    if view.disk is not None:
        yield Sample(families.DISK_FREE, view.disk.free)
        yield Sample(families.DISK_SIZE, view.disk.size)


def _reach(up: Family, seconds: Family, found: Reached) -> Iterator[Sample]:
    yield Sample(up, int(found.reached))
    if found.seconds is not None:
        yield Sample(seconds, found.seconds)


def _moment(family: Family, moment: datetime | None, *labels: str) -> Iterator[Sample]:
    if moment is not None:
        yield Sample(family, moment.timestamp(), labels)


def _of_alerts(view: HomeView) -> Iterator[Sample]:
    if view.waiting is None:
        return
    by_level = Counter(each.alert.level for each in view.waiting)
    yield from (Sample(families.ALERTS_WAITING, by_level[level], (level,)) for level in LEVELS)
    oldest = min((each.since for each in view.waiting), default=view.at)
    yield Sample(families.ALERTS_OLDEST, max(0.0, (view.at - oldest).total_seconds()))


def _of_trades(totals: Totals | None) -> Iterator[Sample]:
    if totals is None:
        return
    yield Sample(families.REALISED, totals.pnl)
    yield Sample(families.TRADES, totals.trades)
    yield Sample(families.TRADES_WON, totals.wins)
    if totals.win_rate is not None:
        yield Sample(families.WIN_RATIO, totals.win_rate)


#: The limits on fractions of the equity, whose use has a name of its own.
_RATIOS = {
    "MAX_GROSS_EXPOSURE_PCT": families.GROSS_EXPOSURE,
    "MAX_POSITION_SIZE_PCT": families.CONCENTRATION,
    "MAX_PORTFOLIO_RISK_PCT": families.RISK,
    "DAILY_LOSS_LIMIT_PCT": families.DAILY_LOSS,
    "EMERGENCY_STOP_LOSS_PCT": families.DRAWDOWN,
}


def _of_limits(used: Iterable[LimitLine]) -> Iterator[Sample]:
    for each in used:
        yield Sample(families.LIMIT, each.limit, (each.setting,))
        yield Sample(families.LIMIT_USED, each.share, (each.setting,))
        if each.setting in _RATIOS:
            yield Sample(_RATIOS[each.setting], each.value)


def _of_status(status: StatusOutcome) -> Iterator[Sample]:
    yield Sample(families.LOCKED, int(bool(status.lock_holder)))
    yield from _of_level(status.level)
    yield from _of_halts(status.halts)
    yield from _of_breaks(status.breaks)
    yield Sample(families.NEEDS, len(status.needs))
    yield from (sample for run in status.last_runs for sample in _of_run(run))


def _of_level(level: HaltLevel) -> Iterator[Sample]:
    return (Sample(families.LEVEL, int(each is level), (each,)) for each in HaltLevel)


def _of_halts(halts: Iterable[Halt]) -> Iterator[Sample]:
    firsts = (same[0] for same in distinct(halts))
    counted = Counter((halt.rule, halt.scope) for halt in firsts)
    return (Sample(families.HALTS, number, (rule, scope)) for (rule, scope), number in counted.items())


def _of_breaks(breaks: tuple[Break, ...]) -> Iterator[Sample]:
    counted = Counter(each.severity for each in breaks)
    yield from (Sample(families.BREAKS, counted[severity], (severity,)) for severity in BreakSeverity)
    yield Sample(families.BREAKS_DOLLARS, unexplained(breaks))


def _of_run(run: Run) -> Iterator[Sample]:
    yield from _moment(families.JOB_START, run.started_wall, run.job)
    yield Sample(families.JOB_STATUS, 1, (run.job, run.status))
    if run.ended_wall is not None:
        yield from _moment(families.JOB_END, run.ended_wall, run.job)
        yield Sample(families.JOB_SECONDS, (run.ended_wall - run.started_wall).total_seconds(), (run.job,))
    if run.exit_code is not None:
        yield Sample(families.JOB_CODE, run.exit_code, (run.job,))


def _of_jobs(jobs: SessionJobs, *, by_hand: bool) -> Iterator[Sample]:
    """By a person's hand no job is late, and none is missed."""
    if not by_hand:
        for line in jobs.lines:
            late = jobs.now - line.due_at if line.mark is JobStatus.OVERDUE else timedelta(0)
            yield Sample(families.JOB_OVERDUE, late.total_seconds(), (line.job,))
    counted = Counter(line.mark for line in jobs.lines)
    undone = UNDONE - {JobStatus.MISSED} if by_hand else UNDONE
    yield from (Sample(families.JOBS_UNDONE, counted[mark], (mark,)) for mark in sorted(undone))


def _of_account(status: StatusOutcome) -> Iterator[Sample]:
    if status.account is not None:
        yield Sample(families.EQUITY, status.account.equity)
        yield Sample(families.CASH, status.account.cash)
        yield Sample(families.BUYING_POWER, status.account.buying_power)
    if status.used is not None and status.counters is not None:
        loss = status.used.daily_loss
        yield Sample(families.DAY_RESULT, loss.equity - loss.base)
        yield Sample(families.ENTRIES, status.counters.entries_sent)
        yield Sample(families.ORDERS, status.counters.orders_sent)
    if status.unprotected is not None:
        yield Sample(families.UNPROTECTED, status.unprotected)
    if not status.trouble:  # the times without a stop are those of a look
        yield Sample(families.BARE_SECONDS, sum((each.seconds for each in status.bare), ZERO))
        lasting = (each.seconds for each in status.bare if each.ended_at is None)
        yield Sample(families.BARE_LONGEST, max(lasting, default=ZERO))
    if status.account is None and status.known_at is None:
        return
    foreign = sum(each.strategy == FOREIGN for each in status.positions)
    yield Sample(families.POSITIONS, len(status.positions) - foreign, ("strategy",))
    yield Sample(families.POSITIONS, foreign, ("foreign",))
    yield Sample(families.UNREALISED, sum((each.pnl for each in status.positions), ZERO))
