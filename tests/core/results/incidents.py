"""A ledger in which an incident happened, and what the job makes of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tradebot.core.model.account import CashEvent, CashKind, Fill
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import Booking, EquityPoint, PinnedAccount, RunStatus
from tradebot.core.model.orders import Side
from tradebot.core.model.schedule import Job
from tradebot.core.results.alerts import Alert
from tradebot.core.results.incident import (
    IncidentOutcome,
    build_timeline,
    find_troubles,
    measure_impact,
    worst_severity,
)
from tradebot.core.results.outcomes import Outcome
from tradebot.jobs.steps.equity_bridge import equity_between
from tradebot.ledger.database import AccountLedger, open_database
from tradebot.ledger.homes import NO_HOME
from tradebot.market.calendar import NyseCalendar

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
def ledger(tmp_path: Path, empty_ledger: Path) -> Iterator[AccountLedger]:
    path = Path(shutil.copy(empty_ledger, tmp_path / "ledger.db"))
    with closing(open_database(path, create=False, durable=False)) as database:
        database.pinned_accounts.pin(NO_HOME, PinnedAccount(ACCOUNT, "paper", "paper", "PAPER-0001", at("09:00", 26)))
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
        impact=measure_impact(events, *equity_between(ledger, NyseCalendar(), SINCE, UNTIL)),
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
    for look in ("11:14", "11:15"):
        ledger.halts_and_breaks.record_breaks([found], DAY, at(look), first_seen_by=at("11:14"))
    ledger.halts_and_breaks.record_breaks([], DAY, at("16:05"), first_seen_by=at("16:05"))
    run(ledger, Job.RECONCILE, at("16:05"), RunStatus.FAILED, 6)
    ledger.books.store_equity(equity("97800", at("16:15")), [])
    ledger.halts_and_breaks.clear([halt], "a bad day | looked at", at("09:20", 30))
    return ledger
