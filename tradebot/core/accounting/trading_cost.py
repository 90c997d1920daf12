"""What trading cost: how far fills were from the price at the decision and at sending, and what was paid for them.

Slippage is positive where the fill was worse. It has two parts: the delay until the order left, and the execution.
A resting stop or target has no price at sending: its slippage is measured from its own price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from tradebot.core.model.values import ZERO

BASIS_POINTS = Decimal(10000)


class Execution(NamedTuple):
    """A fill with the prices that it is measured by, USD a share. There may be a million of them."""

    strategy: str
    hour: int  # of New York
    sign: int  # +1 for a buy, -1 for a sale
    quantity: Decimal
    price: Decimal
    fee: Decimal  # USD
    planned_price: Decimal | None  # at the decision, or of the resting order; None: not recorded
    sent_price: Decimal | None  # None: not recorded, or a resting order
    rests: bool  # whether a stop or target filled


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

    def add(self, other: _Sum) -> None:
        self.fills += other.fills
        self.value += other.value
        self.bought += other.bought
        self.planned += other.planned
        self.planned_value += other.planned_value
        self.slippage += other.slippage
        self.sent += other.sent
        self.delay += other.delay
        self.execution += other.execution
        self.commissions += other.commissions
        self.rested += other.rested
        self.resting += other.resting

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


@dataclass(slots=True)
class _Sums:
    by_key: dict[tuple[str, int, bool], _Sum] = field(default_factory=dict)

    def lines(self, names: Iterable[tuple[str, tuple[str, int, bool]]]) -> tuple[CostLine, ...]:
        grouped: dict[str, _Sum] = {}
        for name, key in names:
            grouped.setdefault(name, _Sum()).add(self.by_key[key])
        return tuple(each.line(name) for name, each in sorted(grouped.items()))


def trading_cost(executions: Iterable[Execution]) -> TradingCost:
    """The cost of fills, which are read once."""
    sums = _Sums()
    for each in executions:
        key = (each.strategy, each.hour, each.rests)
        found = sums.by_key.get(key)
        if found is None:
            found = sums.by_key[key] = _Sum()
        _add(found, each)
    keys = tuple(sums.by_key)
    whole = _Sum()
    for found in sums.by_key.values():
        whole.add(found)
    return TradingCost(
        total=whole.line("all"),
        by_strategy=sums.lines((key[0], key) for key in keys),
        by_hour=sums.lines((f"{key[1]:02}", key) for key in keys),
        by_order=sums.lines(("resting" if key[2] else "sent", key) for key in keys),
    )


def _add(found: _Sum, each: Execution) -> None:
    worth = each.quantity * each.price
    found.fills += 1
    found.value += worth
    if each.sign > 0:
        found.bought += worth
    found.commissions += each.fee
    found.rested += each.rests
    if not each.planned_price:
        return
    planned = each.quantity * each.planned_price
    found.planned += 1
    found.planned_value += planned
    found.slippage += (worth - planned) * each.sign
    if each.rests:
        found.resting += (worth - planned) * each.sign
    elif each.sent_price:
        sent = each.quantity * each.sent_price
        found.sent += 1
        found.delay += (sent - planned) * each.sign
        found.execution += (worth - sent) * each.sign


def _bps(cost: Decimal, value: Decimal) -> Decimal | None:
    return (cost / value * BASIS_POINTS).quantize(Decimal("0.01")) if value else None
