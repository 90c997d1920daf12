"""The report on an incident."""

from __future__ import annotations

from pathlib import Path

from tests.core.results.incidents import at, black_monday, incident, ledger, run
from tests.jobs.conftest import empty_ledger
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.incident import (
    IncidentSeverity,
)
from tradebot.ledger.database import AccountLedger
from tradebot.reports.incident import incident_markdown
from tradebot.runtime.homes import HomeContext

__all__ = ["black_monday", "empty_ledger", "ledger"]


def test_the_report_tells_it_in_order_and_leaves_the_rest_to_people(black_monday: AccountLedger) -> None:
    where = HomeContext(Path("/home/me/bot"), "paper", "paper", "PAPER-0001", Path("ledger.db"), Path("logs"))
    report = incident_markdown(incident(black_monday), where)
    assert report.startswith("# Incident of 2008-09-29\n")
    assert "| severity | **SEV1**: " in report
    assert "| duration | 23 h 20 min |" in report
    assert "| equity before, as of 2008-09-26 16:05 EDT, USD | 100,000.00 |" in report
    assert "| gain or loss, USD | -4,200.00 |" in report
    assert "| unprotected at most, USD | 10,526.00 |" in report
    timeline = report.partition("## Timeline")[2].partition("## Root cause")[0]
    assert [line for line in timeline.splitlines() if line.startswith("| 2008")] == [
        "| 2008-09-29 09:35 EDT | run-daily: ran |",
        "| 2008-09-29 10:00 EDT | **$10,526.00 unprotected** |",
        "| 2008-09-29 10:00 EDT | **alert (critical): AAPL is unprotected** |",
        "| 2008-09-29 11:00 EDT | **HALTED by daily\\_loss: 4.2% lost, 3% allowed** |",
        "| 2008-09-29 11:00 EDT | **check-exits: ran, exit code 4** |",
        "| 2008-09-29 11:01 EDT | sell 100 AAPL @ 105.26 filled |",
        "| 2008-09-29 11:15 EDT | **break: AAPL: 0 here, 100 there** |",
        "| 2008-09-29 16:05 EDT | **break gone: quantity AAPL** |",
        "| 2008-09-29 16:05 EDT | **reconcile: failed, exit code 6** |",
        "| 2008-09-30 09:20 EDT | **halt of daily\\_loss cleared: a bad day \\| looked at** |",
    ]
    for heading in ("## Summary", "## Impact", "## Root cause", "## Prevention"):
        assert heading in report
    assert report.count("_To be written._") == 2
    for severity in IncidentSeverity:
        assert f"- **{severity}**: " in report


def test_what_repeats_is_one_line(ledger: AccountLedger) -> None:
    where = HomeContext(Path("/home/me/bot"), "paper", "paper", "PAPER-0001", Path("ledger.db"), Path("logs"))
    for minute in range(10, 60, 5):
        run(ledger, Job.CHECK_EXITS, at(f"11:{minute}"), RunStatus.BLOCKED, 4)
    report = incident_markdown(incident(ledger), where)
    line = r"**check-exits: blocked, exit code 4** (10 times, to 2008-09-29 11:55 EDT)"
    assert f"| 2008-09-29 11:10 EDT | {line} |" in report
    assert report.count("check-exits: blocked") == 1
    assert "- 10 jobs blocked: 10 check-exits (SEV3), from 2008-09-29 11:10 EDT to 2008-09-29 11:55 EDT" in report
