"""The outcome of `status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.ledger_rows import Run
from tradebot.core.model.limits import Counters, Limits
from tradebot.core.results.bare_lines import BareLine
from tradebot.core.results.needs import Need
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.position_lines import PositionLine
from tradebot.core.risk.circuit_breakers import LimitUse
from tradebot.core.safety.schedule_status import SessionJob
from tradebot.core.safety.stop_losses import StopLossTotal


@dataclass(frozen=True, slots=True)
class StatusOutcome(Outcome):
    """The outcome of `status`."""

    level: HaltLevel = HaltLevel.RUNNING
    lock_holder: str = ""  # "": nobody holds the lock
    last_runs: tuple[Run, ...] = ()
    schedule: tuple[SessionJob, ...] = ()
    positions: tuple[PositionLine, ...] = ()
    bare: tuple[BareLine, ...] = ()  # of today, and those that last
    counters: Counters | None = None
    limits: Limits | None = None
    used: LimitUse | None = None
    now: datetime | None = None  # desk time, aware UTC
    needs: tuple[Need, ...] = ()  # what needs the operator, beside the halts
    if_all_stops_fill: StopLossTotal | None = None  # what is lost then, from the present prices
    known_at: datetime | None = None  # when account and positions were last known (aware UTC); None: they are as of now
    trouble: str = ""  # why the broker could not be asked; "": it was
