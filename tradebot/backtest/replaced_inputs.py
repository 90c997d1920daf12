"""A session's backtest with inputs of live in the place of its own: first each alone, then one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tradebot.backtest.one_session import SessionBacktest
from tradebot.core.results.diff_outcome import Cause
from tradebot.core.results.session_facts import Variant


@dataclass(frozen=True, slots=True)
class Replacement:
    """An input that is replaced by that of live. ``cause``: of what then agrees."""

    cause: Cause
    why: str  # what was replaced, a sentence with its figures
    apply: Callable[[SessionBacktest], SessionBacktest]


def variants(backtest: SessionBacktest, replacements: Sequence[Replacement]) -> Iterator[Variant]:
    """The variants of a backtest, those with one replacement before those with several."""
    for each in replacements:
        yield Variant(each.cause, each.why, each.apply(backtest).facts())
    for each in replacements:
        backtest = each.apply(backtest)
        yield Variant(each.cause, each.why, backtest.facts())
