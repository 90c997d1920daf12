"""The ports of an emergency stop: few, so that it works when the rest is broken."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.ownership import BookedPositions, Ownership
from tradebot.core.safety.last_known import LastKnown
from tradebot.jobs.emergency_stop.journal import InLedger, NoJournal, StopJournal
from tradebot.jobs.emergency_stop.submit import ByIdAlone, StopSender
from tradebot.ports import Alerts, Broker, Clock, Latch, MarketData, SendGuard

if TYPE_CHECKING:
    from tradebot.jobs.desk import Desk


class OtherJobs(Protocol):
    """The other jobs that may act on the account. A running job reads the latch before its next order."""

    def at_work(self) -> str:
        """A text on the holder of the lock; "" when there is none."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait for them, in real time."""
        ...


class NoOtherJobs:
    """For a caller that holds the lock itself."""

    def at_work(self) -> str:
        """No job: always ""."""
        return ""

    def wait(self, seconds: float) -> None:
        """Do not wait."""
        return


@dataclass(frozen=True, slots=True)
class StopDesk:
    """The few ports that an emergency stop needs."""

    ownership: Ownership
    clock: Clock
    broker: Broker
    market: MarketData
    latch: Latch
    alerts: Alerts
    guard: SendGuard
    booked: Callable[[], BookedPositions]  # reads the ledger; may raise LedgerError
    last_known: Callable[[], LastKnown] = LastKnown  # for a person to go by; may raise LedgerError
    narrow_latch: Callable[[], None] = lambda: None  # lets the halt hold for this account alone; raises nothing
    not_latched: str = ""  # why the latch could not be written; the stop goes on
    timeout: float = 300.0  # seconds after which the stop gives up
    ledger_sender: StopSender | None = None  # without it orders are known by their ids alone
    journal: StopJournal = field(default_factory=NoJournal)
    others: OtherJobs = field(default_factory=NoOtherJobs)
    hosts_not_told: Callable[[], str] = str  # why other hosts may not know of the stop, ""; waits for seconds at most
    say: Callable[[str], None] = logging.getLogger(__name__).info
    began: float = field(default_factory=time.perf_counter)  # the reading of time.perf_counter that timings count from
    timings: Mapping[str, float] = field(default_factory=dict)  # seconds from ``began``, so far

    def sender(self) -> StopSender:
        """The sender through the ledger, else the one without a ledger."""
        return self.ledger_sender or ByIdAlone(self.broker, self.ownership.account_key, self.guard)


def desk_for_stop(desk: Desk, sender: StopSender) -> StopDesk:
    """The ports of a stop that a job makes: the job holds the lock, and the orders are intents of the ledger."""
    return StopDesk(
        ownership=desk.ownership,
        clock=desk.clock,
        broker=desk.broker,
        market=desk.market,
        latch=desk.latch,
        alerts=desk.alerts,
        guard=desk.guard,
        booked=desk.ledger.booked_positions,
        last_known=lambda: desk.ledger.last_known(desk.clock.now()),
        timeout=desk.settings.emergency_shutdown_timeout,
        ledger_sender=sender,
        journal=InLedger(desk.ledger.decisions),
    )
