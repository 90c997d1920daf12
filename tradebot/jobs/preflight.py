"""preflight: named checks before the open, each with a result, a figure and a remedy.

Checks of the machine get its facts as a ``MachineFacts``; all others read the desk. `run-daily` makes the critical ones
itself, whether or not a preflight ran.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.preflight_checks import Check, CheckResult, MachineFacts, PreflightOutcome
from tradebot.errors import ExitCode, TradebotError
from tradebot.jobs.checks import account, broker_records, machine, market_data, open_issues, opening
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.step_results import coded, noted

DeskCheck = Callable[[Desk, JobRun], Check]

#: The checks of the account and the exchange, by the names that they give themselves.
_OF_ACCOUNT: dict[str, DeskCheck] = {
    "broker": account.broker,
    "opening": opening.opening,
    "permissions": broker_records.permissions,
    "baseline": broker_records.baseline,
    "mode": account.switches,
    "clock": account.clock,
    "calendar": account.calendar,
    "session": account.session,
    "halts": open_issues.halts,
    "breaks": open_issues.breaks,
    "unknown orders": open_issues.unknowns,
    "protection": open_issues.protection,
    "exposure": account.exposure,
    "limits": account.limits,
    "corporate actions": account.actions,
    "trading": open_issues.trading,
    "schedule": open_issues.schedule,
}
#: No entry is sent while one of these fails.
_CRITICAL: tuple[DeskCheck, ...] = (account.broker, account.clock, account.calendar, market_data.bars_are_fresh)


def run(
    desk: Desk, lock_holder: str = "", warnings: tuple[str, ...] = (), around: MachineFacts | None = None
) -> PreflightOutcome:
    """Check everything that a session needs; send nothing.

    ``lock_holder`` and ``warnings`` come from the opening of the desk. Without ``around`` the machine is not checked.
    """
    run = open_run(desk, Job.PREFLIGHT)
    first = (_configuration(desk, warnings), _lock(lock_holder))
    return record(desk, run, lambda: _preflight(desk, run, first, around))


def checks_of_account(desk: Desk, run: JobRun, without: Collection[str] = ()) -> tuple[Check, ...]:
    """The checks of the account and its limits, save those named in ``without``. Reads no bar and no strategy."""
    return tuple(_guarded(name, check, desk, run) for name, check in _OF_ACCOUNT.items() if name not in without)


def run_entry_checks(desk: Desk, run: JobRun) -> None:
    """Run the checks that decide whether anything may be entered; the failed ones are the run's objections."""
    checks = (check(desk, run) for check in _CRITICAL)
    run.objections = tuple(check for check in checks if check.result is CheckResult.FAIL)
    for check in run.objections:
        run.add(noted(f"{check.name}: {check.figure}; {check.remedy}").after(coded(ExitCode.BLOCKED)))


def _preflight(desk: Desk, run: JobRun, first: Iterable[Check], around: MachineFacts | None) -> PreflightOutcome:
    checks = (*first, *_all(desk, run, around))
    failed = sum(check.result is CheckResult.FAIL for check in checks)
    warned = sum(check.result is CheckResult.WARN for check in checks)
    if failed:
        run.add(coded(ExitCode.BLOCKED))
    broker = desk.broker
    if broker.mode == "paper" and not broker.capabilities.paper_account:
        where = f"orders go to the embedded exchange, at the prices of {broker.name}"
        run.add(noted(f"on paper: {where}; no order reaches {broker.name}"))
    headline = f"{plural(len(checks) - failed - warned, 'check')} passed, {plural(warned, 'warning')}, {failed} failed"
    base = run.outcome(RunStatus.BLOCKED if failed else RunStatus.RAN, headline)
    return PreflightOutcome.of(base, checks=checks)


def _all(desk: Desk, run: JobRun, around: MachineFacts | None) -> Iterator[Check]:
    yield Check("account", CheckResult.PASS, desk.account_key)
    if around is not None:
        yield from machine.checks(around)
    yield from checks_of_account(desk, run)
    yield from market_data.strategies(desk, run, around)
    yield _guarded("bars", market_data.bars, desk, run)


def _guarded(name: str, check: DeskCheck, desk: Desk, run: JobRun) -> Check:
    """Make a check. One that raises has failed, and the others go on."""
    try:
        return check(desk, run)
    except TradebotError as error:
        return Check(name, CheckResult.FAIL, str(error), "see the message; then run `tradebot preflight` again")


def _configuration(desk: Desk, warnings: tuple[str, ...]) -> Check:
    mode = f"{desk.settings.trading_mode} on {desk.settings.broker}"
    if warnings:
        figure = f"{mode}; {'; '.join(warnings)}"
        return Check("configuration", CheckResult.WARN, figure, "mend or remove these lines of .env")
    return Check("configuration", CheckResult.PASS, mode)


def _lock(holder: str) -> Check:
    if holder:
        remedy = "wait for that run to end; a run that died releases its lock by itself"
        return Check("lock", CheckResult.WARN, holder, remedy)
    return Check("lock", CheckResult.PASS, "free")
