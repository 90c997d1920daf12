"""Circuit breakers: losses that stop the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.account import AccountSnapshot
from tradebot.core.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.limits import Counters, Limits
from tradebot.core.values import ONE, ZERO, dollars, percent


@dataclass(frozen=True, slots=True)
class Fall:
    """How far the equity has fallen below a base, as a fraction of it, against the fraction that is allowed."""

    base: Decimal
    equity: Decimal
    fraction: Decimal
    limit: Decimal

    @property
    def breaks_limit(self) -> bool:
        """A fall that reaches its limit breaks it."""
        return self.fraction > 0 and self.fraction >= self.limit

    def __str__(self) -> str:
        return (
            f"equity {dollars(self.equity)} is {percent(self.fraction)} below {dollars(self.base)}, "
            f"and {percent(self.limit)} is the limit"
        )


def daily_loss(account: AccountSnapshot, counters: Counters, limits: Limits) -> Fall:
    """Today's loss. Money put in or taken out today moves the baseline, since it is neither gain nor loss."""
    return _fall(counters.baseline_equity + counters.cash_flow_today, account.equity, limits.daily_loss_limit_pct)


def drawdown(account: AccountSnapshot, counters: Counters, limits: Limits) -> Fall:
    """The fall from the equity peak, which the ledger keeps adjusted for deposits and withdrawals."""
    return _fall(counters.peak_equity, account.equity, limits.emergency_stop_loss_pct)


def _fall(base: Decimal, equity: Decimal, limit: Decimal) -> Fall:
    lost = max(ZERO, base - equity)
    if lost == 0:
        return Fall(base, equity, ZERO, limit)
    return Fall(base, equity, lost / base if base > 0 else ONE, limit)


def tripped(
    account: AccountSnapshot, counters: Counters, limits: Limits, session: date, now: datetime
) -> tuple[Halt, ...]:
    """The halts that today's losses call for. ``until`` is left to the caller, who knows the next session."""
    falls = (
        (HaltRule.DAILY_LOSS, "daily loss", daily_loss(account, counters, limits)),
        (HaltRule.DRAWDOWN, "drawdown", drawdown(account, counters, limits)),
    )
    return tuple(
        Halt(
            source=HaltSource.LEDGER,
            rule=rule,
            level=HaltLevel.HALTED,
            reason=f"{name}: {fall}",
            since=now,
            session=session,
            value=fall.fraction,
            limit=fall.limit,
        )
        for rule, name, fall in falls
        if fall.breaks_limit
    )


def active(halts: Iterable[Halt], today: date | None) -> tuple[Halt, ...]:
    """The halts that still hold on ``today`` (New York): those whose ``until`` has not come. All, without a session."""
    return tuple(halt for halt in halts if halt.until is None or today is None or today < halt.until)
