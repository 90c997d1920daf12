"""Splits. Alpaca gives the shares before and after a split, but not its ratio."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from tradebot.brokers.alpaca.broker.activity_rows import SPLIT, ActivityRow
from tradebot.core.model.account import SplitEvent
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.values import ZERO

_REVERSE = "RSPLIT"


@dataclass(frozen=True, slots=True)
class SplitRows:
    """The rows of one split that move shares. Its event has the id of the last one, whatever rows join them later."""

    rows: tuple[ActivityRow, ...]
    event: SplitEvent | None  # None while the rows do not tell the shares before and after

    @property
    def last(self) -> ActivityRow:
        """The row that the event stands for."""
        return self.rows[-1]


def parse_splits(rows: Iterable[ActivityRow]) -> tuple[SplitRows, ...]:
    """The splits among ``rows``, which are in the order of booking.

    One row removes the old shares, another one adds the new ones; a third may pay for a fraction of a share, and is
    cash like any other. Until the first two are told a split has no event, and reconciliation finds the difference.
    """
    groups: dict[str, list[ActivityRow]] = {}
    for row in rows:
        if row.kind == SPLIT and row.is_executed:
            key = row.maybe_text("group_id") or f"{row.maybe_text('symbol')} {row.day}"
            groups.setdefault(key, []).append(row)
    return tuple(_split(group) for group in groups.values() if any(map(_moves_shares, group)))


def _moves_shares(row: ActivityRow) -> bool:
    """Whether a row of a split moves whole shares. One that pays for a fraction of a share tells at most that."""
    quantity = row.maybe_number("qty")
    return quantity is not None and (not row.maybe_number("net_amount") or abs(quantity) >= 1)


def _split(group: list[ActivityRow]) -> SplitRows:
    """The split that the rows of a group tell, if they tell one yet."""
    rows = tuple(row for row in group if _moves_shares(row))
    quantities = {row.id: row.maybe_number("qty") or ZERO for row in group}
    removed = -sum((quantities[row.id] for row in rows if quantities[row.id] < 0), ZERO)
    added = sum((quantities[row.id] for row in rows if quantities[row.id] > 0), ZERO)
    reverse = any(row.maybe_text("activity_sub_type") == _REVERSE for row in rows)
    is_long = added <= removed if reverse else added >= removed
    before, after = (removed, added) if is_long else (added, removed)
    sign = 1 if is_long else -1
    symbol = next((name for row in rows if quantities[row.id] * sign < 0 and (name := row.maybe_text("symbol"))), None)
    if symbol is None or len(rows) < 2 or not before or (not after and not reverse):
        return SplitRows(rows, None)
    ratio = ratio_between(before, after, reverse=reverse)
    paid_out = sum((abs(quantities[row.id]) for row in group if row not in rows), ZERO)
    after -= paid_out if paid_out == after % 1 else ZERO  # the new shares were told with the fraction
    last = rows[-1]
    begins = start_of_day(last.day)
    event = SplitEvent(last.id, symbol, ratio, before * sign, after * sign, last.booked_at, last.day, begins)
    return SplitRows(rows, event)


def ratio_between(before: Decimal, after: Decimal, *, reverse: bool) -> Decimal:
    """The ratio (new shares for one old share) that turns ``before`` shares into ``after`` and a fraction paid in cash.

    Most splits are n:1, the others n:2; reverse splits are 1:n or 2:n. The first form that fits is taken, with the
    ratio that pays out nothing, or else the roundest: 15 shares that become 22 were split 3:2. If neither form fits,
    nothing was paid out and the ratio is after/before.
    """
    exact = Fraction(after) / Fraction(before)
    beyond = (Fraction(after) + 1) / Fraction(before)
    for small in (1, 2):
        if exact != 1 and min(exact.numerator, exact.denominator) == small:
            break
        first, last = (small / beyond, small / exact if after else None) if reverse else (exact * small, beyond * small)
        if candidates := _whole_numbers(first, last, small, open_below=reverse):
            large = max(candidates, key=_roundness)
            return Decimal(small) / large if reverse else Decimal(large) / small
    return after / before


def _whole_numbers(first: Fraction, last: Fraction | None, small: int, *, open_below: bool) -> list[int]:
    """The whole numbers above ``small`` between ``first`` and ``last``.

    The interval excludes ``first`` with ``open_below``, and ``last`` otherwise. Without ``last`` only the least one.
    """
    least = floor(first) + 1 if open_below else ceil(first)
    least = max(least, small + 1)
    if last is None:
        return [least]
    return list(range(least, (floor(last) if open_below else ceil(last) - 1) + 1))


def _roundness(number: int) -> tuple[bool, bool, int]:
    return number % 10 == 0, number % 5 == 0, number
