"""What trading cost: how far fills were from the price at the decision and at sending, and what was paid for them.

Slippage is positive where the fill was worse. It has two parts: the delay until the order left, and the execution.
A resting stop or target has no price at sending: its slippage is measured from its own price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.accounting.fill_sums import FillSum
from tradebot.core.model.values import ZERO

BASIS_POINTS = Decimal(10000)


@dataclass(frozen=True, slots=True)
class CostLine:
    """The cost of some fills, USD. Slippage is positive where fills were worse; None: nothing of it is recorded."""

    name: str
    fills: int
    value: Decimal  # bought and sold
    bought: Decimal
    slippage: Decimal | None  # from the planned price to the fill
    slippage_bps: Decimal | None  # of the value at the planned price
    delay: Decimal | None  # from the planned price to the price at sending
    execution: Decimal | None  # from the price at sending to the fill
    resting: Decimal | None  # of resting stops and targets, from their own price to the fill
    commissions: Decimal  # the fees of the fills
    without_planned: int  # fills whose planned price is not recorded
    without_sent: int  # fills whose price at sending is not recorded, but of resting orders


@dataclass(frozen=True, slots=True)
class TradingCost:
    """The cost of a period."""

    total: CostLine
    by_strategy: tuple[CostLine, ...]
    by_hour: tuple[CostLine, ...]  # of New York, such as "09"
    by_order: tuple[CostLine, ...]  # "sent" at the market, and "resting" stops and targets


@dataclass(slots=True)
class _Sum:
    fills: int = 0
    value: Decimal = ZERO
    bought: Decimal = ZERO
    planned: int = 0
    planned_value: Decimal = ZERO
    slippage: Decimal = ZERO
    sent: int = 0
    delay: Decimal = ZERO
    execution: Decimal = ZERO
    commissions: Decimal = ZERO
    rested: int = 0
    resting: Decimal = ZERO

    def add(self, part: FillSum) -> None:
        self.fills += part.fills
        self.value += part.value
        if part.sign > 0:
            self.bought += part.value
        self.planned += part.planned
        self.planned_value += part.planned_value
        self.slippage += part.beyond_planned * part.sign
        self.sent += part.sent
        self.delay += part.delay * part.sign
        self.execution += part.execution * part.sign
        self.commissions += part.commissions
        if part.rests:
            self.rested += part.fills
            self.resting += part.beyond_planned * part.sign

    def line(self, name: str) -> CostLine:
        return CostLine(
            name=name,
            fills=self.fills,
            value=self.value,
            bought=self.bought,
            slippage=self.slippage if self.planned else None,
            slippage_bps=_bps(self.slippage, self.planned_value) if self.planned else None,
            delay=self.delay if self.sent else None,
            execution=self.execution if self.sent else None,
            resting=self.resting if self.rested else None,
            commissions=self.commissions,
            without_planned=self.fills - self.planned,
            without_sent=self.fills - self.sent - self.rested,
        )


def trading_cost(sums: Iterable[FillSum]) -> TradingCost:
    """The cost of the fills of a period."""
    parts = [part for part in sums if part.in_period]
    (total,) = _lines(parts, lambda part: "all") or (_Sum().line("all"),)
    return TradingCost(
        total=total,
        by_strategy=_lines(parts, lambda part: part.strategy),
        by_hour=_lines(parts, lambda part: f"{part.hour:02}"),
        by_order=_lines(parts, lambda part: "resting" if part.rests else "sent"),
    )


def _lines(parts: Iterable[FillSum], name_of: Callable[[FillSum], str]) -> tuple[CostLine, ...]:
    grouped: dict[str, _Sum] = {}
    for part in parts:
        grouped.setdefault(name_of(part), _Sum()).add(part)
    return tuple(each.line(name) for name, each in sorted(grouped.items()))


def _bps(cost: Decimal, value: Decimal) -> Decimal | None:
    return (cost / value * BASIS_POINTS).quantize(Decimal("0.01")) if value else None
