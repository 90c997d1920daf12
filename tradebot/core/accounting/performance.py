"""Figures of closed trades. The textbook statistics of an equity curve (Sharpe and the like) live in reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.holdings import Trade
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class Result:
    """What one round trip came to: P&L after fees, and its fees; USD."""

    pnl: Decimal
    fees: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """Round trips added up. Money in USD after fees; ``win_rate`` a fraction; None where it has no meaning.

    A trade wins when its P&L after fees is above zero. ``profit_factor`` is gross profit over gross loss and None
    when nothing was lost.
    """

    trades: int
    wins: int
    losses: int
    gross_profit: Decimal
    gross_loss: Decimal  # positive
    fees: Decimal
    best: Decimal | None
    worst: Decimal | None

    @property
    def pnl(self) -> Decimal:
        return self.gross_profit - self.gross_loss

    @property
    def win_rate(self) -> Decimal | None:
        return Decimal(self.wins) / self.trades if self.trades else None

    @property
    def profit_factor(self) -> Decimal | None:
        return self.gross_profit / self.gross_loss if self.gross_loss else None

    @property
    def average(self) -> Decimal | None:
        return self.pnl / self.trades if self.trades else None


def totals(trades: Iterable[Trade | Result]) -> Totals:
    """Add up round trips."""
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
