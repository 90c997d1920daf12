"""The incident report: one incident, worked out by hand from beginning to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tradebot.core.model.account import CashEvent, CashKind, Fill
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.ledger_rows import Booking, EquityPoint, PinnedAccount, RunStatus
from tradebot.core.model.orders import Side
from tradebot.core.model.schedule import Job
from tradebot.core.results.alerts import Alert
from tradebot.core.results.incident import (
    IncidentOutcome,
    IncidentSeverity,
    build_timeline,
    find_troubles,
    measure_impact,
    worst_severity,
)
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.stop_entry import StopEntry
from tradebot.jobs.emergency_stop.journal import append_to_audit
from tradebot.ledger.database import AccountLedger, open_database
from tradebot.reports.incident import incident_markdown
from tradebot.runtime.homes import HomeContext

ACCOUNT = "paper:paper:PAPER-0001"
DAY = date(2008, 9, 29)  # New York is four hours behind UTC
SINCE, UNTIL = datetime(2008, 9, 29, 11, 30, tzinfo=UTC), datetime(2008, 9, 30, 14, 0, tzinfo=UTC)


def at(clock: str, day: int = 29) -> datetime:
    """An instant by the clock of New York."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2008, 9, day, hour, minute, tzinfo=UTC) + timedelta(hours=4)


def equity(value: str, when: datetime, unprotected: str = "0") -> EquityPoint:
    return EquityPoint(
        when.date(), when, Decimal(value), Decimal(50000), Decimal(value) - 50000, Decimal(0), Decimal(100000),
        Decimal(unprotected),
    )  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[AccountLedger]:
    with closing(open_database(tmp_path / "ledger.db", create=True, durable=False)) as database:
        database.pinned_accounts.pin(PinnedAccount(ACCOUNT, "paper", "paper", "PAPER-0001", at("09:00", 26)))
        yield database.bind(ACCOUNT)


def run(ledger: AccountLedger, job: Job, when: datetime, status: RunStatus = RunStatus.RAN, code: int = 0) -> None:
    run_id = ledger.runs.begin(job, when.date(), when, when, 1)
    ledger.runs.end(run_id, status, code, when, when, "")


def fill(fill_id: str, when: datetime) -> Booking:
    sold = Fill(fill_id, f"B-{fill_id}", f"C-{fill_id}", "AAPL", Side.SELL, Decimal(100), Decimal("105.26"), Decimal(1),
                when, when.date())  # fmt: skip
    return Booking(sold, "trend", "AAPL")


def incident(ledger: AccountLedger) -> IncidentOutcome:
    """As the job makes it."""
    events = ledger.history.audit_events(SINCE, UNTIL)
    troubles = find_troubles(events, SINCE, UNTIL, ledger.history.halts_and_breaks_before(SINCE))
    ends = [span.end for span in troubles if span.end]
    return IncidentOutcome.of(
        Outcome(Job.INCIDENT, DAY, RunStatus.RAN, "looked"),
        since=SINCE,
        until=UNTIL,
        severity=worst_severity(troubles),
        begin=troubles[0].begin if troubles else None,
        end=max(ends) if len(ends) == len(troubles) and ends else None,
        troubles=troubles,
        impact=measure_impact(events, ledger.history.equity_before(SINCE)),
        timeline=build_timeline(events),
    )


@pytest.fixture
def black_monday(ledger: AccountLedger) -> AccountLedger:
    """The stop of AAPL vanishes at 10:00 and is back at 10:15. At 11:00 the day's loss is beyond its limit; a break
    comes up and goes. The owner pays 2,000 in meanwhile. The next morning the halt is cleared.
    """
    ledger.books.store_equity(equity("100000", at("16:05", 26)), [])
    run(ledger, Job.RUN_DAILY, at("09:35"))
    ledger.books.store_equity(equity("99000", at("10:00"), unprotected="10526"), [])
    ledger.outbox.put(Alert("critical", "AAPL is unprotected", "10,526 USD", at("10:00"), "unprotected"), at("10:00"))
    ledger.books.store_equity(equity("98500", at("10:15")), [])
    paid = CashEvent("D1", CashKind.DEPOSIT, Decimal(2000), at("10:30"), DAY)
    ledger.books.book([Booking(paid, "foreign", None)], at("10:30"))
    halt = Halt(HaltSource.LEDGER, HaltRule.DAILY_LOSS, HaltLevel.HALTED, "4.2% lost, 3% allowed", at("11:00"), DAY)
    ledger.halts_and_breaks.latch(halt, at("11:00"))
    ledger.books.book([fill("F1", at("11:01"))], at("11:01"))
    run(ledger, Job.CHECK_EXITS, at("11:00"), RunStatus.RAN, 4)
    found = Break(BreakKind.QUANTITY, "AAPL", Decimal(0), Decimal(100), "AAPL: 0 here, 100 there",
                  dollars=Decimal("10526"))  # fmt: skip
    ledger.halts_and_breaks.record_breaks([found], DAY, at("11:15"))
    ledger.halts_and_breaks.record_breaks([], DAY, at("16:05"))
    run(ledger, Job.RECONCILE, at("16:05"), RunStatus.FAILED, 6)
    ledger.books.store_equity(equity("97800", at("16:15")), [])
    ledger.halts_and_breaks.clear([halt], "a bad day | looked at", at("09:20", 30))
    return ledger


def test_the_figures_are_those_worked_out_by_hand(black_monday: AccountLedger) -> None:
    found = incident(black_monday)
    assert found.severity is IncidentSeverity.SEV1
    assert (found.begin, found.end) == (at("10:00"), at("09:20", 30))
    assert found.lasted == timedelta(hours=23, minutes=20)
    assert [(span.what, span.severity, span.begin, span.end) for span in found.troubles] == [
        ("10526 USD unprotected", IncidentSeverity.SEV1, at("10:00"), at("10:15")),
        ("halted by daily_loss: 4.2% lost, 3% allowed", IncidentSeverity.SEV1, at("11:00"), at("09:20", 30)),
        ("AAPL: 0 here, 100 there", IncidentSeverity.SEV3, at("11:15"), at("16:05")),
        ("reconcile failed", IncidentSeverity.SEV3, at("16:05"), at("16:05")),
    ]
    impact = found.impact
    assert impact is not None
    assert (impact.equity_before, impact.equity_after, impact.owner_moved) == (
        Decimal(100000),
        Decimal(97800),
        Decimal(2000),
    )
    assert impact.change == Decimal(-4200)  # 97,800 less 100,000, less the 2,000 that the owner paid in
    assert (impact.unprotected, impact.unexplained) == (Decimal(10526), Decimal(10526))
    assert (impact.fills, impact.rejected, impact.runs, impact.runs_in_trouble, impact.missed) == (1, 0, 3, 2, 0)


def test_the_report_tells_it_in_order_and_leaves_the_rest_to_people(black_monday: AccountLedger) -> None:
    where = HomeContext(Path("/home/me/bot"), "paper", "paper", "PAPER-0001", Path("ledger.db"), Path("logs"))
    report = incident_markdown(incident(black_monday), where)
    assert report.startswith("# Incident of 2008-09-29\n")
    assert "| severity | **SEV1**: " in report
    assert "| duration | 23 h 20 min |" in report
    assert "| gain or loss, USD | -4,200.00 |" in report
    assert "| unprotected at most, USD | 10,526.00 |" in report
    timeline = report.partition("## Timeline")[2].partition("## Root cause")[0]
    assert [line for line in timeline.splitlines() if line.startswith("| 2008")] == [
        "| 2008-09-29 09:35 EDT | run-daily: ran |",
        "| 2008-09-29 10:00 EDT | **10526 USD unprotected** |",
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


def test_what_is_not_over_says_so(ledger: AccountLedger) -> None:
    ledger.halts_and_breaks.latch(Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.HALTED, "by hand"), at("11:00"))
    found = incident(ledger)
    assert (found.severity, found.end, found.is_over) == (IncidentSeverity.SEV2, None, False)
    assert found.lasted == UNTIL - at("11:00")


def test_a_day_loss_ends_by_itself_the_next_morning(ledger: AccountLedger) -> None:
    halt = Halt(HaltSource.LEDGER, HaltRule.DAILY_LOSS, HaltLevel.HALTED, "lost", at("11:00"), DAY, date(2008, 9, 30))
    ledger.halts_and_breaks.latch(halt, at("11:00"))
    assert incident(ledger).end == at("00:00", 30)


def test_what_began_before_and_went_on_belongs_to_it(ledger: AccountLedger) -> None:
    lasting = Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.HALTED, "12% below the peak")
    over = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.HALTED, "a short look")
    ledger.halts_and_breaks.latch(over, at("10:00", 25))
    ledger.halts_and_breaks.clear([over], "seen", at("10:05", 25))
    ledger.halts_and_breaks.latch(lasting, at("11:00", 26))
    run(ledger, Job.RUN_DAILY, at("09:35"), RunStatus.BLOCKED, 4)
    found = incident(ledger)
    assert (found.severity, found.begin, found.end) == (IncidentSeverity.SEV1, at("11:00", 26), None)
    assert [span.what for span in found.troubles] == ["halted by drawdown: 12% below the peak", "run-daily blocked"]


def test_a_halt_of_one_symbol_is_not_told_as_one_of_the_account(ledger: AccountLedger) -> None:
    halt = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.HALTED, "earnings", scope=HaltScope.SYMBOL,
                scope_name="TSLA")  # fmt: skip
    ledger.halts_and_breaks.latch(halt, at("11:00"))
    ledger.halts_and_breaks.clear([halt], "told", at("12:00"))
    found = incident(ledger)
    assert [(span.what, span.severity) for span in found.troubles] == [
        ("halted symbol TSLA by operator: earnings", IncidentSeverity.SEV3)
    ]
    assert [moment.what for moment in found.timeline] == [
        "HALTED symbol TSLA by operator: earnings",
        "halt symbol TSLA of operator cleared: told",
    ]


def test_a_fill_that_was_booked_later_says_when_it_was(ledger: AccountLedger) -> None:
    ledger.books.book([fill("F1", at("15:59", 26))], at("09:35"))
    (moment,) = incident(ledger).timeline
    assert (moment.at, moment.what) == (
        at("09:35"),
        "sell 100 AAPL @ 105.26 filled at 2008-09-26 15:59 EDT, booked now",
    )


def test_a_quiet_day_is_no_incident(ledger: AccountLedger) -> None:
    run(ledger, Job.RUN_DAILY, at("09:35"))
    found = incident(ledger)
    assert (found.severity, found.begin, found.lasted, found.troubles) == (IncidentSeverity.SEV4, None, None, ())


@pytest.mark.parametrize(
    ("code", "severity"),
    [(0, IncidentSeverity.SEV2), (9, IncidentSeverity.SEV1), (6, IncidentSeverity.SEV1), (11, IncidentSeverity.SEV2)],
)
def test_an_emergency_stop_that_left_something_open_is_the_gravest(
    ledger: AccountLedger, code: int, severity: IncidentSeverity
) -> None:
    append_to_audit(ledger.decisions, StopEntry(at("11:00"), "whatever it says", exit_code=code))
    assert incident(ledger).severity is severity


@pytest.mark.parametrize(("code", "severity"), [(0, IncidentSeverity.SEV2), (9, IncidentSeverity.SEV1)])
def test_a_stop_of_an_earlier_version_told_its_exit_code_in_a_sentence(
    ledger: AccountLedger, code: int, severity: IncidentSeverity
) -> None:
    ledger.decisions.note("emergency_stop", "", at("10:59"), {"did": "cancel asked for"})
    assert incident(ledger).severity is IncidentSeverity.SEV4
    ledger.decisions.note("emergency_stop", "", at("11:00"), {"did": f"ended with {code}"})
    assert incident(ledger).severity is severity


def test_cash_that_made_the_account_is_no_loss(ledger: AccountLedger) -> None:
    made = CashEvent("D1", CashKind.DEPOSIT, Decimal(100000), at("09:00"), DAY)
    ledger.books.book([Booking(made, "foreign", None)], at("09:00"))
    ledger.books.store_equity(equity("100000", at("09:35")), [])
    ledger.books.store_equity(replace(equity("99000", at("16:15"))), [])
    impact = incident(ledger).impact
    assert impact is not None and impact.change == Decimal(-1000)
