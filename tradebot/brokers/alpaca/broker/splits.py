"""Splits, of which Alpaca tells how many shares went and how many came, but not the ratio."""

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


def splits_in(rows: Iterable[ActivityRow]) -> Mapping[str, SplitEvent]:
    """Splits by the id of the last of their rows: the old shares go in one of them, and the new ones come in another.

    One that does not tell both is not booked: the comparison of ledger and broker then finds the shares.
    """
    together: dict[str, list[ActivityRow]] = {}
    for row in rows:
        name = row.fields.maybe_text("group_id") or f"{row.fields.maybe_text('symbol')} {row.day}"
        together.setdefault(name, []).append(row)
    found = (_split(pair) for pair in together.values())
    return {split.event_id: split for split in found if split is not None}


def _split(pair: list[ActivityRow]) -> SplitEvent | None:
    last = pair[-1]
    symbol = last.fields.maybe_text("symbol")
    shares = [row.fields.maybe_number("qty") for row in pair]
    told = [number for number in shares if number is not None]
    gone = -sum((number for number in told if number < 0), ZERO)
    came = sum((number for number in told if number > 0), ZERO)
    reverse = last.fields.maybe_text("activity_sub_type") == _REVERSE
    is_long = came <= gone if reverse else came >= gone
    before, after = (gone, came) if is_long else (came, gone)
    if symbol is None or len(told) < 2 or not before or (not after and not reverse):
        _LOG.warning("a split of %s does not say from how many shares to how many: it is not booked", symbol)
        return None
    sign = 1 if is_long else -1
    ratio = ratio_between(before, after, reverse=reverse)
    return SplitEvent(last.id, symbol, ratio, before * sign, after * sign, last.booked, last.day)


def ratio_between(before: Decimal, after: Decimal, *, reverse: bool) -> Decimal:
    """New shares for one old share, to turn ``before`` shares into ``after`` and less than one more, paid out in cash.

    Most splits are of the kind n:1, or else n:2, reverse ones 1:n or 2:n. The first kind that fits is meant: the ratio
    by which nothing is paid out, or else the roundest. 15 shares that become 22 were split 3:2. Where neither fits,
    nothing was paid out.
    """
    exact = Fraction(after) / Fraction(before)
    beyond = (Fraction(after) + 1) / Fraction(before)
    for small in (1, 2):
        if exact != 1 and min(exact.numerator, exact.denominator) == small:
            break
        first, last = (small / beyond, small / exact if after else None) if reverse else (exact * small, beyond * small)
        if fitting := _fitting(first, last, small, open_below=reverse):
            large = max(fitting, key=_roundness)
            return Decimal(small) / large if reverse else Decimal(large) / small
    return after / before


def _fitting(first: Fraction, last: Fraction | None, small: int, *, open_below: bool) -> list[int]:
    """The whole numbers above ``small`` from ``first`` to ``last``, of which one bound is not within."""
    least = floor(first) + 1 if open_below else ceil(first)
    least = max(least, small + 1)
    if last is None:
        return [least]
    return list(range(least, (floor(last) if open_below else ceil(last) - 1) + 1))


def _roundness(number: int) -> tuple[bool, bool, int]:
    return number % 10 == 0, number % 5 == 0, number
