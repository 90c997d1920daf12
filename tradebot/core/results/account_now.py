"""The account as it stands, and the health of what it hangs on: what a page and a monitor ask for first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.account import AccountSnapshot
from tradebot.core.model.halts import HaltLevel
from tradebot.core.results.job_lines import JobLine
from tradebot.core.results.status_outcome import StatusOutcome


@dataclass(frozen=True, slots=True)
class AccountNow:
    """An account as the broker showed it last. Amounts are USD; None: not known."""

    account: AccountSnapshot | None
    level: HaltLevel
    session: date | None
    day_result: Decimal | None  # gain or loss since the close before, deposits and withdrawals left out
    below_peak: Decimal | None  # fall from the equity's peak, a fraction of it
    positions: int  # how many are held
    unprotected: Decimal | None  # market value of shares without a stop
    known_at: datetime | None = None  # when it was so (aware UTC); None: it is as of now
    trouble: str = ""  # why the broker could not be asked; "": it was

    @classmethod
    def of(cls, status: StatusOutcome) -> AccountNow:
        """The account of a status."""
        used = status.used
        return cls(
            account=status.account,
            level=status.level,
            session=status.session,
            day_result=used.daily_loss.equity - used.daily_loss.base if used else None,
            below_peak=used.drawdown.fraction if used else None,
            positions=len({line.symbol for line in status.positions}),
            unprotected=status.unprotected,
            known_at=status.known_at,
            trouble=status.trouble,
        )


@dataclass(frozen=True, slots=True)
class Reached:
    """Whether something could be asked, and how long it took."""

    reached: bool
    seconds: float | None  # None: it was not asked, or did not answer
    at: datetime | None  # when it was asked last (aware UTC); None: never
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a home."""

    level: HaltLevel
    ledger_reached: Reached
    broker_reached: Reached
    overdue: tuple[JobLine, ...]
    alerts_waiting: int | None  # None: not known
    version: str

    @property
    def healthy(self) -> bool:
        """Whether ledger and broker could be asked and no job is overdue. A halt is no fault of the machine."""
        return self.ledger_reached.reached and self.broker_reached.reached and not self.overdue
