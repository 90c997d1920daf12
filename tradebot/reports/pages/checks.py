"""The pages of preflight, reconcile, rebuild and explain."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.model.values import plural
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.preflight_checks import Check, CheckResult, PreflightOutcome
from tradebot.reports.formatting import day, instant, price, shares
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


def explain_page(outcome: ExplainOutcome, where: RunHeader) -> Page:
    """The decisions about a symbol, oldest first, then its holdings."""
    return (
        *common.headline(outcome),
        *section("Decisions", *(line for row in outcome.decisions for line in _decision(row))),
        *section(
            "Held now",
            *table(
                "~strategy | >shares | >entry | >stop | >target | >best price | since | >sessions",
                (
                    (
                        held.strategy,
                        shares(held.quantity),
                        price(held.entry_price),
                        price(held.stop_price),
                        price(held.target_price),
                        price(held.high_water),
                        day(held.opened_session),
                        str(held.sessions_held),
                    )
                    for held in outcome.holdings
                ),
            ),
        ),
        *common.notes(outcome.notes),
    )


def _decision(row: DecisionRow) -> tuple[Line, Line]:
    """Two lines: time in New York, strategy, purpose and result; then the reason with its numbers."""
    result = row.code or row.outcome.replace("_", " ")
    return (
        Line(f"{instant(row.at)}  {row.strategy}  {row.purpose}: {result}", Tone.WARN if row.code else Tone.STRONG),
        Line(f"{row.message}{_numbers(row)}", Tone.QUIET, under=True),
    )


def _numbers(row: DecisionRow) -> str:
    """The value and limit that a rule compared, or the shares and price of an order in USD per share."""
    if row.value is None:
        return ""
    if row.code:
        return f" [{common.compared_numbers(row.value, row.limit)}]"
    return f" [{shares(row.value)} shares, planned at {price(row.limit)}]"
