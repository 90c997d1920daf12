"""What the comparisons of a session have alike: lines, variants of the backtest, and the price of a fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from tradebot.core.model.values import price_text
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, Fact
from tradebot.core.results.session_facts import Key, SessionFacts, Variant

#: A cause, and the figures that show it.
Found = tuple[Cause, str]


def first_agreeing(variants: Iterable[Variant], agrees: Callable[[SessionFacts], bool]) -> Found | None:
    """The cause of the first variant that agrees with live; None where none does."""
    return next(((each.cause, each.why) for each in variants if agrees(each.facts)), None)


def why_price(decided: Decimal, opened: Decimal, ours: Decimal, theirs: Decimal) -> Found:
    """Why a fill has another price: by the price that was decided at, or by what the fill was off it."""
    at_decision, off = abs(decided - opened), abs((ours - decided) - (theirs - opened))
    fills = f"filled at {price_text(ours)}, the backtest at {price_text(theirs)}"
    why = f"the open was {price_text(opened)}, live decided at {price_text(decided)} and {fills}"
    return (Cause.PRICE if at_decision > off else Cause.SLIPPAGE), why


def line_of(compared: Compared, key: Key, live: Fact | None, backtest: Fact | None, found: Found | None) -> DiffLine:
    """A line; without a cause both agree."""
    cause, why = found or (None, "")
    return DiffLine(compared, *key, live, backtest, cause, why)
