"""The desk: the wired ports that a job works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tradebot.core.model.account import AccountSnapshot
from tradebot.core.model.ownership import Ownership
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.jobs.schedule import JobSchedule
from tradebot.ledger.database import AccountLedger
from tradebot.ports import (
    Alerts,
    Broker,
    Clock,
    CorrectableCalendar,
    Latch,
    Lock,
    MarketData,
    SendGuard,
    StopSwitch,
    Strategies,
)
from tradebot.settings import Settings


@dataclass(frozen=True, slots=True)
class AccountReading:
    """The account as the broker showed it at one moment."""

    account: AccountSnapshot
    at: datetime  # desk time, aware UTC


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a job may touch."""

    settings: Settings
    ownership: Ownership  # of the pinned account
    clock: Clock
    calendar: CorrectableCalendar
    broker: Broker
    market: MarketData
    ledger: AccountLedger
    strategies: Strategies
    latch: Latch
    lock: Lock
    stop: StopSwitch
    alerts: Alerts
    guard: SendGuard
    pid: int = 0
    home_id: str = ""  # of the home in the ledger
    schedule_clock: ScheduleClock = ScheduleClock.EXCHANGE
    fresh_for: timedelta = timedelta(0)  # how long a reading of the account may be used again between two orders
    opened_on: AccountReading | None = None  # the reading by which the account was identified

    @property
    def account_key(self) -> str:
        """The key of the pinned account; every row of the ledger carries it."""
        return self.ownership.account_key

    def job_schedule(self) -> JobSchedule:
        """The job schedule at this moment of its own clock."""
        now = self.clock.wall() if self.schedule_clock is ScheduleClock.REAL else self.clock.now()
        return JobSchedule(self.ledger, self.calendar, self.settings.schedule_rules(), self.schedule_clock, now)
