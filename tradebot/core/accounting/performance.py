"""Totals of round trips, USD."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tradebot.core.model.values import ZERO


class Result(Protocol):
    """What the totals need of a round trip, USD."""

    @property
    def pnl(self) -> Decimal:
        """After fees."""

    @property
    def fees(self) -> Decimal:
        """Of both sides."""


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


@dataclass(slots=True)
class RunningTotals:
    """Totals while results are added."""

    trades: int = 0
    wins: int = 0
    losses: int = 0
    gross_profit: Decimal = ZERO
    gross_loss: Decimal = ZERO
    fees: Decimal = ZERO
    best: Decimal | None = None
    worst: Decimal | None = None

    def add(self, pnl: Decimal, fees: Decimal) -> None:
        """Add the result of a round trip."""
        self.trades += 1
        self.fees += fees
        if pnl > ZERO:
            self.wins += 1
            self.gross_profit += pnl
        elif pnl < ZERO:
            self.losses += 1
            self.gross_loss -= pnl
        if self.best is None or pnl > self.best:
            self.best = pnl
        if self.worst is None or pnl < self.worst:
            self.worst = pnl

    def merge(self, other: RunningTotals) -> None:
        """Add all results of another."""
        self.trades += other.trades
        self.wins += other.wins
        self.losses += other.losses
        self.gross_profit += other.gross_profit
        self.gross_loss += other.gross_loss
        self.fees += other.fees
        for pnl in (other.best, other.worst):
            if pnl is not None:
                self.best = pnl if self.best is None else max(self.best, pnl)
                self.worst = pnl if self.worst is None else min(self.worst, pnl)

    def totals(self) -> Totals:
        """The totals of what was added so far."""
        return Totals(
            trades=self.trades,
            wins=self.wins,
            losses=self.losses,
            gross_profit=self.gross_profit,
            gross_loss=self.gross_loss,
            fees=self.fees,
            best=self.best,
            worst=self.worst,
        )


def totals(trades: Iterable[Result]) -> Totals:
    """The totals of round trips."""
    running = RunningTotals()
    for trade in trades:
        running.add(trade.pnl, trade.fees)
    return running.totals()
