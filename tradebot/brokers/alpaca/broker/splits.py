"""Splits. Alpaca gives the shares before and after a split, but not its ratio."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from tradebot.brokers.alpaca.broker.activity_rows import ActivityRow
from tradebot.core.model.account import SplitEvent
from tradebot.core.model.values import ZERO

_REVERSE = "RSPLIT"
_LOG = logging.getLogger(__name__)


def parse_splits(rows: Iterable[ActivityRow]) -> Mapping[str, SplitEvent]:
    """Splits by the id of their last row. One row removes the old shares, another one adds the new ones.

    A split without both rows is not booked: reconciliation then finds the difference in shares.
    """
    rows_of_split: dict[str, list[ActivityRow]] = {}
    for row in rows:
        key = row.fields.maybe_text("group_id") or f"{row.fields.maybe_text('symbol')} {row.day}"
        rows_of_split.setdefault(key, []).append(row)
    splits = (_split(pair) for pair in rows_of_split.values())
    return {split.event_id: split for split in splits if split is not None}


def _split(pair: list[ActivityRow]) -> SplitEvent | None:
    last = pair[-1]
    symbol = last.fields.maybe_text("symbol")
    quantities = [row.fields.maybe_number("qty") for row in pair]
    shares = [quantity for quantity in quantities if quantity is not None]
    removed = -sum((quantity for quantity in shares if quantity < 0), ZERO)
    added = sum((quantity for quantity in shares if quantity > 0), ZERO)
    reverse = last.fields.maybe_text("activity_sub_type") == _REVERSE
    is_long = added <= removed if reverse else added >= removed
    before, after = (removed, added) if is_long else (added, removed)
    if symbol is None or len(shares) < 2 or not before or (not after and not reverse):
        _LOG.warning("a split of %s does not say from how many shares to how many: it is not booked", symbol)
        return None
    sign = 1 if is_long else -1
    ratio = ratio_between(before, after, reverse=reverse)
    return SplitEvent(last.id, symbol, ratio, before * sign, after * sign, last.booked_at, last.day)


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
