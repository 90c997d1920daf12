"""The exchange's terms of business: what an account starts with, what trading costs, what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.values import ZERO, to_cents, whole_shares


@dataclass(frozen=True, slots=True)
class ExchangeRules:
    """Terms of an account at the embedded exchange.

    ``starting_cash`` (USD), ``start`` and ``warmup`` count when the account is made; the others from the next order
    on. ``start`` is the first session; None takes the first one that has ``warmup`` sessions of the data behind it, or
    the first of the data when none has. ``slippage_pct`` and ``max_fill_volume_pct`` are fractions (0.0005 is 0.05 %);
    ``commission_per_share`` is USD a share and ``commission_min`` USD an order. With ``allow_short`` the account is a
    margin account. ``max_fill_volume_pct`` bounds what trades of one symbol in a session, as a share of the bar's
    volume; None fills every order whole.
    """

    starting_cash: Decimal = Decimal(100_000)
    slippage_pct: Decimal = Decimal("0.0005")
    commission_per_share: Decimal = Decimal("0.005")
    commission_min: Decimal = Decimal(1)
    allow_short: bool = False
    start: date | None = None
    warmup: int = 0
    max_fill_volume_pct: Decimal | None = None

    def commission(self, quantity: Decimal) -> Decimal:
        """The whole commission, USD to the cent, on an order of which ``quantity`` shares have filled."""
        if quantity == 0:
            return ZERO
        return to_cents(max(self.commission_min, self.commission_per_share * quantity))

    def fillable(self, volume: int) -> Decimal | None:
        """How many shares of one symbol may trade in a session of ``volume`` shares; None when nothing bounds it."""
        return None if self.max_fill_volume_pct is None else whole_shares(self.max_fill_volume_pct * volume)


class Phase(StrEnum):
    """How far a session has been worked through; each phase says which price of the bar is the newest one."""

    PRE_OPEN = "pre-open"  # orders queue; the last price is the previous close
    OPEN = "open"  # until five minutes after the open; the last price is the open
    RESOLVED = "resolved"  # the bar's range has been used up; the last price is its close
    CLOSED = "closed"  # orders queue for the next session


@dataclass(frozen=True, slots=True)
class ExchangeState:
    """The exchange's own row. ``now`` is aware UTC; ``begun_on`` the New York wall date that last began a session."""

    generation: int
    account_id: str
    starting_cash: Decimal
    session: date
    now: datetime
    phase: Phase
    begun_on: date | None = None
