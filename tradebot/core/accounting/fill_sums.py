"""Sums of fills in small groups, from one pass over them, of which cost and bridge are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from tradebot.core.model.values import ZERO


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
    symbol: str = ""
    in_period: bool = True  # whether its session is one of the report's
    stretch: int = 1  # of time: 0 before the bridge begins, 1 within it, 2 after its end


#: An execution without names: a plain tuple is made in a third of the time, a million times a report.
ExecutionRow = tuple[str, int, int, Decimal, Decimal, Decimal, Decimal | None, Decimal | None, bool, str, bool, int]


@dataclass(slots=True)
class FillSum:
    """The sums of the fills that have all of the first seven fields in common, USD."""

    strategy: str
    symbol: str
    sign: int
    hour: int
    rests: bool
    in_period: bool
    stretch: int
    fills: int = 0
    shares: Decimal = ZERO
    value: Decimal = ZERO
    commissions: Decimal = ZERO
    planned: int = 0  # fills with a planned price
    planned_value: Decimal = ZERO
    beyond_planned: Decimal = ZERO  # value of the same fills, less that at the planned price
    sent: int = 0  # fills with a planned price and one at sending
    delay: Decimal = ZERO  # value at sending less that at the planned price
    execution: Decimal = ZERO  # value less that at sending


def fill_sums(executions: Iterable[ExecutionRow]) -> tuple[FillSum, ...]:
    """The sums of fills, in the columns of ``Execution``, which are read once."""
    sums: dict[tuple[str, str, int, int, bool, bool, int], FillSum] = {}
    for (
        strategy,
        hour,
        sign,
        quantity,
        price,
        fee,
        planned_price,
        sent_price,
        rests,
        symbol,
        in_period,
        stretch,
    ) in executions:
        key = (strategy, symbol, sign, hour, rests, in_period, stretch)
        found = sums.get(key)
        if found is None:
            found = sums[key] = FillSum(*key)
        worth = quantity * price
        found.fills += 1
        found.shares += quantity
        found.value += worth
        found.commissions += fee
        if not planned_price:
            continue
        planned = quantity * planned_price
        found.planned += 1
        found.planned_value += planned
        found.beyond_planned += worth - planned
        if sent_price and not rests:
            sent = quantity * sent_price
            found.sent += 1
            found.delay += sent - planned
            found.execution += worth - sent
    return tuple(sums.values())
