"""Incidents: one worked out by hand from beginning to end, and what counts as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.core.results.incidents import DAY, UNTIL, at, black_monday, equity, fill, incident, ledger, run
from tests.jobs.conftest import empty_ledger
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.ledger_rows import Booking, RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.audit_events import AuditEvent, AuditKind
from tradebot.core.results.incident import (
    IncidentSeverity,
    build_timeline,
)
from tradebot.core.results.stop_entry import StopEntry
from tradebot.jobs.emergency_stop.journal import append_to_audit
from tradebot.ledger.database import AccountLedger

__all__ = ["black_monday", "empty_ledger", "ledger"]


def test_the_figures_are_those_worked_out_by_hand(black_monday: AccountLedger) -> None:
    found = incident(black_monday)
    assert found.severity is IncidentSeverity.SEV1
    assert (found.begin, found.end) == (at("10:00"), at("09:20", 30))
    assert found.lasted == timedelta(hours=23, minutes=20)
    assert [(span.what, span.severity, span.begin, span.end) for span in found.troubles] == [
        ("$10,526.00 unprotected", IncidentSeverity.SEV1, at("10:00"), at("10:15")),
        ("halted by daily loss: 4.2% lost, 3% allowed", IncidentSeverity.SEV1, at("11:00"), at("09:20", 30)),
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


def test_what_the_account_had_at_the_beginning_is_no_correction() -> None:
    kind = AuditKind.ADJUSTMENT_BOOKED
    events = (
        AuditEvent(at("09:35"), AuditKind.ACCOUNT_OPENED, "1", {}),
        AuditEvent(at("09:35"), kind, "OPENING-CASH", {"reason": "opening: what the account had"}),
        AuditEvent(at("10:00"), kind, "A1", {"reason": "a gift"}),
    )
    told = [(moment.what, moment.routine) for moment in build_timeline(events)]
    assert told == [("the ledger met the account", True), ("the ledger was corrected: a gift", False)]


def test_a_fill_that_was_booked_later_says_when_it_was(ledger: AccountLedger) -> None:
    ledger.books.book([fill("F1", at("15:59", 26))], at("09:35"))
    (moment,) = incident(ledger).timeline
    assert (moment.at, moment.what) == (
        at("09:35"),
        "sell 100 AAPL @ 105.26 filled at 2008-09-26 15:59 EDT, booked now",
    )


def test_what_repeats_is_told_once(ledger: AccountLedger) -> None:
    run(ledger, Job.RUN_DAILY, at("09:35"), RunStatus.BLOCKED, 4)
    for minute in (45, 50, 55):
        run(ledger, Job.CHECK_EXITS, at(f"09:{minute}"), RunStatus.BLOCKED, 4)
    run(ledger, Job.RECONCILE, at("16:05"), RunStatus.FAILED, 6)
    found = incident(ledger)
    assert [(span.what, span.begin, span.end) for span in found.troubles] == [
        ("4 jobs blocked: 3 check-exits, 1 run-daily", at("09:35"), at("09:55")),
        ("reconcile failed", at("16:05"), at("16:05")),
    ]
    assert found.impact is not None and found.impact.runs_in_trouble == 5
    assert [(line.at, line.what, line.times, line.last_at) for line in found.timeline] == [
        (at("09:35"), "run-daily: blocked, exit code 4", 1, None),
        (at("09:45"), "check-exits: blocked, exit code 4", 3, at("09:55")),
        (at("16:05"), "reconcile: failed, exit code 6", 1, None),
    ]


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
    ledger.books.store_equity(replace(equity("100000", at("09:35")), last_equity=Decimal(0)), [])
    ledger.books.store_equity(equity("99000", at("16:15")), [])
    impact = incident(ledger).impact
    assert impact is not None and impact.change == Decimal(-1000)
