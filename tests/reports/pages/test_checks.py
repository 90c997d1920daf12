"""The pages of preflight, reconcile and explain."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.reports.builders import Plain
from tests.reports.conftest import NOON, SESSION, Place
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.ledger_rows import DecisionRow
from tradebot.core.results.explain_outcome import ExplainOutcome
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.preflight_checks import Check, CheckResult, PreflightOutcome
from tradebot.errors import ExitCode
from tradebot.reports.pages.checks import explain_page, preflight_page, reconcile_page


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


def test_preflight_shows_what_fails_first_and_counts_what_passes(base: Outcome, place: Place, plain: Plain) -> None:
    checks = (
        Check("lock", CheckResult.PASS, "free"),
        Check("backup", CheckResult.WARN, "none yet", "make one"),
        Check("mode", CheckResult.PASS, "play money"),
        Check("bars", CheckResult.FAIL, "there are none", "check PAPER_DATA"),
    )
    outcome = PreflightOutcome.of(base, checks=checks)

    def names(text: str) -> list[str]:
        rows = text.partition("Checks\n")[2].splitlines()[2:]
        return [row.split()[0] for row in rows]

    short, full = plain(preflight_page(outcome, place)), plain(preflight_page(outcome, place, full=True))
    assert names(short) == ["bars", "backup", "2"]
    assert short.endswith("  2 checks passed; --full shows them\n")
    assert names(full) == ["bars", "backup", "lock", "mode", "2"]
    only = replace(outcome, checks=checks[:1])
    assert plain(preflight_page(only, place)).endswith("Checks\n  1 check passed; --full shows them\n")


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
