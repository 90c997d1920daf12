"""The risk of an account: each limit with its use, and what the account has at stake, symbol by symbol. USD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from tradebot.core.model.limits import LimitUsed
from tradebot.core.model.values import CENT, ZERO
from tradebot.core.results.period_lines import PLACES, LimitLine, limit_lines
from tradebot.core.risk.exposure import SymbolExposure


@dataclass(frozen=True, slots=True)
class SymbolRisk:
    """What one symbol has at stake: its position, and the orders that may open or add. USD, never negative."""

    symbol: str
    gross_exposure: Decimal  # market value
    lost_at_stop: Decimal  # from the newest price to the stop, in cents; without one, to the account's default stop
    share: Decimal  # of the account's gross exposure


@dataclass(frozen=True, slots=True)
class RiskOutcome:
    """The risk of an account at one moment."""

    session: date | None  # None: no job has looked at the account yet
    equity: Decimal | None  # USD; None: not known
    limits_used: tuple[LimitLine, ...]  # those with the highest share first
    symbols: tuple[SymbolRisk, ...]  # the largest first
    unprotected: Decimal | None  # market value of shares without a stop, USD; None: not known
    notes: tuple[str, ...] = ()
    known_at: datetime | None = None  # when it was so (aware UTC); None: it is as of now
    trouble: str = ""  # why the broker could not be asked; "": it was

    @property
    def gross_exposure(self) -> Decimal:
        """The market value of everything that is held or may be, longs and shorts added, USD."""
        return sum((each.gross_exposure for each in self.symbols), ZERO)

    @property
    def lost_at_stops(self) -> Decimal:
        """The loss if every stop is hit, USD."""
        return sum((each.lost_at_stop for each in self.symbols), ZERO)

    @property
    def concentration(self) -> Decimal:
        """The share of the largest symbol in the gross exposure; 0 without one."""
        return max((each.share for each in self.symbols), default=ZERO)


def limits_now(session: date, uses: Iterable[LimitUsed]) -> tuple[LimitLine, ...]:
    """A line for each limit, those with the highest share first."""
    return limit_lines((session, each) for each in uses)


def symbol_risks(by_symbol: Mapping[str, SymbolExposure]) -> tuple[SymbolRisk, ...]:
    """A line for each symbol with an exposure, the largest first."""
    whole = sum((each.value for each in by_symbol.values()), ZERO)
    lines = (
        SymbolRisk(
            symbol,
            each.value,
            each.risk.quantize(CENT, rounding=ROUND_HALF_EVEN),
            (each.value / whole).quantize(PLACES),
        )
        for symbol, each in by_symbol.items()
        if each.value
    )
    return tuple(sorted(lines, key=lambda line: (-line.gross_exposure, line.symbol)))
