"""The choice of variants by Optuna: the same on any number of processes, and each variant once."""

from __future__ import annotations

from random import Random

import pytest

from tradebot.backtest.parameter_grid import Dimension, Values
from tradebot.runtime.sweep.optuna_search import LAG, OptunaSearch

DIMENSIONS = (
    Dimension("own", "days", tuple(range(50))),
    Dimension("own", "stop", tuple(each / 100 for each in range(40))),
    Dimension("own", "kind", ("slow", "fast", "none")),
)


def sharpe_of(values: Values) -> float | None:
    """A hill with its top at 33 days, a stop of 0.21 and "fast"; 7 days fail."""
    days, stop, kind = values
    assert isinstance(days, int) and isinstance(stop, float)
    return None if days == 7 else 0.1 * (kind == "fast") - ((days - 33) / 50) ** 2 - ((stop - 0.21) / 0.4) ** 2


def searched(search: OptunaSearch, processes: int) -> list[Values]:
    """The variants in the order of asking, where so many are computed at a time and any of them ends first."""
    draw, running, asked = Random(processes), list[Values](), list[Values]()
    while True:
        while len(running) < processes and (values := search.ask()) is not None:
            running.append(values)
            asked.append(values)
        if not running:
            return asked
        values = running.pop(draw.randrange(len(running)))
        search.tell(values, sharpe_of(values))


def test_the_choice_is_that_of_the_seed_on_any_number_of_processes_and_climbs() -> None:
    alone = searched(OptunaSearch(DIMENSIONS, 60, seed=1), 1)
    assert len(set(alone)) == len(alone) == 60
    assert searched(OptunaSearch(DIMENSIONS, 60, seed=1), 2 * LAG) == alone
    assert searched(OptunaSearch(DIMENSIONS, 60, seed=2), 1) != alone
    first, last = ([sharpe_of(values) or -1 for values in part] for part in (alone[:20], alone[-20:]))
    assert sum(last) / 20 > sum(first) / 20 + 0.1


@pytest.mark.parametrize("count", [5, 1_000])
def test_a_small_grid_is_tried_whole_and_once(count: int) -> None:
    grid = (Dimension("own", "days", (1, 2, 3)), Dimension("own", "both", (True, False)))
    search = OptunaSearch(grid, count, seed=1)
    tried = list[Values]()
    while (values := search.ask()) is not None:
        tried.append(values)
        search.tell(values, 1.0)
    assert len(set(tried)) == len(tried) == search.total == min(count, 6)
