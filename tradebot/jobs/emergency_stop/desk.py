"""The ports of an emergency stop: few, so that it works when the rest is what is broken."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tradebot.core.model.ownership import Explained, Ownership
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop.submit import ByIdAlone, InLedger, StopJournal, StopSender, Unkept
from tradebot.ports import Alerts, Broker, Clock, Latch, MarketData


class OtherJobs(Protocol):
    """Who else acts on the account. A job that runs looks at the latch before its next order."""

    def at_work(self) -> str:
        """Who holds the lock, in words; "" when nobody does."""
        ...

    def wait(self, seconds: float) -> None:
        """Let real time pass for them."""
        ...


class NoOtherJobs:
    """For whoever holds the lock himself."""

    def at_work(self) -> str:
        return ""

    def wait(self, seconds: float) -> None:
        return None


@dataclass(frozen=True, slots=True)
class StopDesk:
    """The few ports that an emergency stop needs.

    ``explained`` reads the ledger and may raise LedgerError. ``not_latched`` says why the latch could not be written,
    which stops no cancel and no close. ``timeout`` is the seconds after which it gives up. Without a ``ledger_sender``
    its orders are known by their ids alone. ``began`` is the reading of ``time.perf_counter`` that its timings count
    from, ``timings`` those so far.
    """

    ownership: Ownership
    clock: Clock
    broker: Broker
    market: MarketData
    latch: Latch
    alerts: Alerts
    explained: Callable[[], Explained]
    not_latched: str = ""
    timeout: float = 300.0
    ledger_sender: StopSender | None = None
    journal: StopJournal = field(default_factory=Unkept)
    others: OtherJobs = field(default_factory=NoOtherJobs)
    say: Callable[[str], None] = logging.getLogger(__name__).info
    began: float = field(default_factory=time.perf_counter)
    timings: Mapping[str, float] = field(default_factory=dict)

    def sender(self) -> StopSender:
        return self.ledger_sender or ByIdAlone(self.broker, self.ownership.account_key)


def desk_for_stop(desk: Desk, sender: StopSender) -> StopDesk:
    """The ports of a stop that a job begins by itself: it holds the lock, and its orders are intents of the ledger."""
    books = desk.ledger.books
    return StopDesk(
        ownership=desk.ownership,
        clock=desk.clock,
        broker=desk.broker,
        market=desk.market,
        latch=desk.latch,
        alerts=desk.alerts,
        explained=lambda: Explained(books.lots(), books.holdings(), books.cursor()),
        timeout=desk.settings.emergency_shutdown_timeout,
        ledger_sender=sender,
        journal=InLedger(desk.ledger.journal),
    )
