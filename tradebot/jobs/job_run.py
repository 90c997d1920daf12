"""One run of a job: its session, the readings that its steps share, what they have done, and its row in the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from tradebot.core.accounting.day_result import ExplainedEquity
from tradebot.core.accounting.performance import Totals
from tradebot.core.model.account import AccountSnapshot, MarketClock, Quote
from tradebot.core.model.breaks import Break
from tradebot.core.model.halts import Halt, level_of
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.limits import LimitUsed
from tradebot.core.model.schedule import DAY, Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.preflight_checks import Check
from tradebot.core.results.resting_lines import RestingLine
from tradebot.core.safety.last_known import bare_text
from tradebot.core.safety.stop_coverage import Gap, unprotected_dollars
from tradebot.core.safety.unsettled_orders import unsettled_text
from tradebot.errors import AuthNeeded, Blocked, BrokerUnavailable, ExitCode, LedgerError, OutcomeUnknown, TradebotError
from tradebot.jobs.calendar_days import take_over_calendar
from tradebot.jobs.desk import AccountReading, Desk
from tradebot.jobs.step_results import AccountResult, StepResult, SubmitResult

AnyResult = TypeVar("AnyResult", bound=StepResult)
AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)


@dataclass(slots=True)
class JobRun:
    """One run of a job. Use cases change it; steps read it and return results that use cases add."""

    job: Job
    market: MarketClock  # the broker's clock when the run began
    began: datetime  # desk time, aware UTC
    session: date
    run_id: int = 0  # 0 in a run that is not recorded
    reading: AccountReading | None = None  # the newest reading of the account
    explained: ExplainedEquity | None = None  # by the newest look; None before the first
    halts: tuple[Halt, ...] = ()  # in force
    objections: tuple[Check, ...] = ()  # failed checks, which let no entry be sent
    breaks: tuple[Break, ...] = ()  # open
    quotes: Mapping[str, Quote] = field(default_factory=dict)  # by the newest look
    most_used: Mapping[str, LimitUsed] = field(default_factory=dict)  # the highest use of each limit in this run
    gaps: tuple[Gap, ...] | None = None  # None until the protection is looked at
    resting: tuple[RestingLine, ...] = ()  # by the newest look
    done: StepResult = field(default_factory=StepResult)
    timings: dict[str, float] = field(default_factory=dict)  # seconds of machine time by step

    def add(self, result: AnyResult) -> AnyResult:
        """Add what a step did, and return it."""
        if result.has_lines:
            self.done = StepResult().after(self.done, result)
        if isinstance(result, AccountResult):
            state = result.state
            self.breaks, self.gaps, self.explained = state.breaks, state.gaps, state.explained
            self.quotes, self.resting = state.quotes, state.resting
            self.most_used = {**self.most_used, **{each.setting: each for each in state.limits_used}}
        elif isinstance(result, SubmitResult) and result.halts:
            self.halts = result.halts
        return result

    def market_at(self, moment: datetime) -> MarketClock:
        """The broker's clock moved on to ``moment``, in desk time; its sessions stay those of the run's beginning."""
        now, today = self.market.now + (moment - self.began), self.market.today
        reported_closed = not self.market.is_open and today is not None and self.market.now >= today.opens
        is_open = today is not None and today.opens <= now < today.closes and not reported_closed
        return replace(self.market, now=now, is_open=is_open)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step in seconds of machine time. Steps of the same name add up."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - started

    def outcome(self, status: RunStatus, headline: str, totals: Totals | None = None) -> Outcome:
        """The run so far as a value. Failures and notes that several steps report alike are told once."""
        codes = frozenset(self.done.codes)
        return Outcome(
            job=self.job,
            session=self.session,
            status=status,
            headline=headline,
            codes=codes if level_of(self.halts).allows_entries else codes | {ExitCode.HALTED},
            strategies=self.done.strategies,
            orders=self.done.orders,
            fills=self.done.fills,
            exits=self.done.exits,
            denials=self.done.denials,
            breaks=self.breaks,
            halts=self.halts,
            gaps=self.gaps or (),
            resting=self.resting,
            failures=tuple(dict.fromkeys(self.done.failures)),
            notes=tuple(dict.fromkeys(self.done.notes)),
            account=self.reading.account if self.reading else None,
            totals=totals,
            unprotected=None if self.gaps is None else unprotected_dollars(self.gaps),
            timings=dict(self.timings),
        )


def open_run(desk: Desk, job: Job) -> JobRun:
    """Begin a run in the session of the broker's clock. A scheduled job that fails here is recorded as failed.

    Raises BrokerUnavailable.
    """
    try:
        market = desk.broker.clock()
        run = JobRun(job, market, desk.clock.now(), _session_of(market))
        if job in DAY:  # before anything goes by the calendar; the other jobs go by what is stored
            run.add(StepResult(notes=take_over_calendar(desk, market)))
        return run
    except TradebotError as error:
        if job in DAY:
            _end_failed(desk, _begin(desk, job, None), error)
        raise


def record(desk: Desk, run: JobRun, work: Callable[[], AnyOutcome]) -> AnyOutcome:
    """Do ``work`` as a run of the ledger, and return its outcome. An exception is stored as FAILED and raised.

    Jobs that the schedule missed, and whether this one is late, are noted first. An exception with a cause at the
    broker gets notes on the orders that are not settled.
    """
    run.add(StepResult(notes=tuple(desk.job_schedule().report_missed(desk.alerts, run.job, desk.clock.now()))))
    run.run_id = _begin(desk, run.job, run.session)
    try:
        outcome = work()
    except BaseException as error:
        _end_failed(desk, run.run_id, error)
        _note_unsettled_orders(desk, error)
        raise
    _end(desk, run.run_id, outcome.status, int(outcome.exit_code), outcome.headline)
    return outcome


def read_account(desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0)) -> AccountSnapshot:
    """The account: the run's newest reading if that is younger than ``at_most``, else a new one.

    Raises BrokerUnavailable.
    """
    now, reading = desk.clock.now(), run.reading or desk.opened_on
    if reading is None or not timedelta(0) <= now - reading.at < at_most:
        reading = AccountReading(desk.broker.account(), now)
    run.reading = reading
    return reading.account


def _session_of(market: MarketClock) -> date:
    """The session of ``market.now``: today's, or the newest before. Raises BrokerUnavailable where there is neither."""
    if market.session is None:
        raise BrokerUnavailable(f"the broker's clock knows no session at or before {market.now:%Y-%m-%d}. Try again.")
    return market.session


def _begin(desk: Desk, job: Job, session: date | None) -> int:
    now, wall = desk.clock.now(), desk.clock.wall()
    return desk.ledger.runs.begin(job, session, now, wall, desk.pid, desk.schedule_clock, home_id=desk.home_id)


def _end(desk: Desk, run_id: int, status: RunStatus, code: int, summary: str) -> None:
    desk.ledger.runs.end(run_id, status, code, desk.clock.now(), desk.clock.wall(), summary[:500])


def _end_failed(desk: Desk, run_id: int, error: BaseException) -> None:
    code = int(getattr(error, "exit_code", ExitCode.BUG))
    with suppress(LedgerError):  # the first error is the one to report; verify reports a ledger that fails
        _end(desk, run_id, RunStatus.FAILED, code, f"{type(error).__name__}: {error}")


def _note_unsettled_orders(desk: Desk, error: BaseException) -> None:
    if isinstance(error, BrokerUnavailable | OutcomeUnknown | Blocked):
        with suppress(LedgerError):
            for text in unsettled_text(desk.ledger.orders.unsettled()):
                error.add_note(text)
            if isinstance(error, AuthNeeded):  # no job protects anything before a person has logged in
                error.add_note(bare_text(desk.ledger.last_known(desk.clock.now())))
