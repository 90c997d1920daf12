"""The pages of preflight and reconcile."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.reports.builders import Plain
from tests.reports.conftest import SESSION, Place
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.preflight_checks import Check, CheckResult, PreflightOutcome
from tradebot.errors import ExitCode
from tradebot.reports.pages.checks import preflight_page, reconcile_page


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
