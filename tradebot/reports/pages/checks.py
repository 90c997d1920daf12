"""The pages of preflight, reconcile and rebuild."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.preflight_checks import Check, CheckResult, PreflightOutcome
from tradebot.reports.layout import Cell, Line, Page, Tone, section, table
from tradebot.reports.pages import common
from tradebot.reports.run_header import RunHeader

_RESULT_CELLS = {
    CheckResult.PASS: Cell("pass", Tone.GOOD),
    CheckResult.WARN: Cell("WARN", Tone.WARN),
    CheckResult.FAIL: Cell("FAIL", Tone.BAD),
}


def checks_table(checks: Iterable[Check], *more: Line) -> Page:
    """A row for each check: name, result, figure and remedy; then ``more`` lines."""
    rows = ((check.name, _RESULT_CELLS[check.result], check.figure, check.remedy) for check in checks)
    return section("Checks", *table("check | result | ~figure | ~what to do", rows), *more)


def preflight_page(outcome: PreflightOutcome, where: RunHeader, *, full: bool = False) -> Page:
    """The checks that failed, those that warn, and the number of those that passed; with ``full`` these too."""
    failed, warned, passed = (
        [check for check in outcome.checks if check.result is result]
        for result in (CheckResult.FAIL, CheckResult.WARN, CheckResult.PASS)
    )
    count = Line(f"{plural(len(passed), 'check')} passed{'' if full else '; --full shows them'}", Tone.GOOD)
    return (
        *common.headline(outcome),
        *checks_table((*failed, *warned, *(passed if full else ())), *((count,) if passed else ())),
        *common.notes(outcome.notes),
    )


def reconcile_page(outcome: Outcome, where: RunHeader) -> Page:
    """The differences between ledger and broker, and the halts."""
    return (
        *common.headline(outcome),
        *common.breaks(outcome.breaks),
        *common.halts(outcome.halts, where.home),
        *common.failures(outcome.failures),
        *common.notes(outcome.notes),
        *common.account(outcome),
        *common.record_files(where),
    )


def rebuild_page(outcome: Outcome, where: RunHeader) -> Page:
    """The notes on recovered data, and the differences and failures that remain."""
    return (
        *common.headline(outcome),
        *common.notes(outcome.notes),
        *common.breaks(outcome.breaks),
        *common.failures(outcome.failures),
        *common.account(outcome),
        *common.record_files(where),
    )
