"""Totals of round trips, USD."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.holdings import Trade
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class TradeResult:
    """The result of one round trip, USD."""

    pnl: Decimal  # after fees
    fees: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of round trips, USD after fees. A round trip wins when its P&L after fees is above zero."""

    trades: int
    wins: int
    losses: int
    gross_profit: Decimal
    gross_loss: Decimal  # positive
    fees: Decimal
    best: Decimal | None  # P&L; None without a round trip
    worst: Decimal | None

    @property
    def pnl(self) -> Decimal:
        """Gross profit less gross loss."""
        return self.gross_profit - self.gross_loss

    @property
    def win_rate(self) -> Decimal | None:
        """The fraction of round trips that won; None without one."""
        return Decimal(self.wins) / self.trades if self.trades else None

    @property
    def profit_factor(self) -> Decimal | None:
        """Gross profit over gross loss; None without a loss."""
        return self.gross_profit / self.gross_loss if self.gross_loss else None

    @property
    def average(self) -> Decimal | None:
        """The mean P&L of a round trip; None without one."""
        return self.pnl / self.trades if self.trades else None


def totals(trades: Iterable[Trade | TradeResult]) -> Totals:
    """The totals of round trips."""
    results = list(trades)
    outcomes = [result.pnl for result in results]
    gains = [pnl for pnl in outcomes if pnl > 0]
    losses = [-pnl for pnl in outcomes if pnl < 0]
    return Totals(
        trades=len(results),
        wins=len(gains),
        losses=len(losses),
        gross_profit=sum(gains, ZERO),
        gross_loss=sum(losses, ZERO),
        fees=sum((result.fees for result in results), ZERO),
        best=max(outcomes, default=None),
        worst=min(outcomes, default=None),
    )
