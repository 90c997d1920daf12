"""From when to when shares had no live stop, by what looks and the broker's own times tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.core.builders import NOW, TODAY, D, stop
from tradebot.core.safety.bare_time import BarePeriod, LookTimes, changes
from tradebot.core.safety.stop_coverage import Gap, GapKind

GAP = Gap(GapKind.MISSING, "trend", "AAPL", D(100), D(0), D(49), D(5100))
BEGAN = BarePeriod(TODAY, "trend", "AAPL", D(100), D(5100), NOW)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def look(at: float, **more: Any) -> LookTimes:
    return replace(LookTimes(TODAY, after(at), before=None, opened={}, traded={}), **more)


def placed(at: float, **more: Any) -> Any:
    return stop(submitted_at=after(at), parent_id=None, **more)


@pytest.mark.parametrize(
    ("before", "bought", "began"),
    [
        (0, 30, 30),  # the shares are newer than the look
        (40, 30, 40),  # they were covered at the look before
        (None, 30, 30),
        (40, None, 40),
        (None, None, 60),
        (0, 70, 60),  # never after the look
    ],
)
def test_a_period_begins_when_the_shares_can_have_been_covered_last(
    before: float | None, bought: float | None, began: float
) -> None:
    looked = None if before is None else after(before)
    opened = {} if bought is None else {"AAPL": after(bought)}
    ended, begun = changes((), (GAP,), (), look(60, before=looked, opened=opened))
    assert (ended, begun) == ((), (replace(BEGAN, began_at=after(began)),))


def test_it_goes_on_while_the_same_shares_are_bare() -> None:
    assert changes((BEGAN,), (GAP,), (), look(60)) == ((), ())


def test_other_shares_are_another_period() -> None:
    fewer = replace(GAP, protected=D(40), dollars=D(3060))
    ended, begun = changes((BEGAN,), (fewer,), (), look(60))
    assert ended == (replace(BEGAN, ended_at=after(60)),)
    assert begun == (replace(BEGAN, shares=D(60), dollars=D(3060), began_at=after(60)),)


@pytest.mark.parametrize(
    ("orders", "traded", "ended"),
    [
        ((placed(2.1),), None, 2.1),  # the stop's own time
        ((), 5, 5),  # they were sold
        ((placed(2.1),), 1, 2.1),
        ((), None, 60),  # nobody knows better than the look
        ((placed(70),), None, 60),
        ((placed(-5),), None, 0),  # it rested all the time
        ((stop(submitted_at=after(-5)),), 4, 4),  # a leg rests since its entry filled
        ((stop(submitted_at=after(-5)),), None, 60),
        ((placed(2.1, held=True),), None, 60),
    ],
)
def test_it_ends_when_the_broker_says_that_the_shares_were_covered_or_gone(
    orders: tuple[Any, ...], traded: float | None, ended: float
) -> None:
    times = {} if traded is None else {"AAPL": after(traded)}
    over, begun = changes((BEGAN,), (), orders, look(60, traded=times))
    assert (over, begun) == ((replace(BEGAN, ended_at=after(ended)),), ())


def test_a_stop_that_covers_the_shares_otherwise_than_it_should_leaves_nothing_bare() -> None:
    worse = replace(GAP, kind=GapKind.WRONG_PRICE, protected=D(100), dollars=D(0))
    assert changes((), (worse,), (), look(60)) == ((), ())


def test_its_length_is_in_seconds() -> None:
    assert replace(BEGAN, ended_at=after(2.149)).seconds(after(900)) == Decimal("2.1")
    assert BEGAN.seconds(after(900)) == 900
    assert BEGAN.seconds(after(-1)) == 0
