"""A few broken worlds whose processes trade through Robinhood's adapter, over HTTP: the same promises have to hold.

`python scripts/bench/worlds.py --broker robinhood --seeds 1000` tries many more, and `--seed N` tells the story of one.
"""

from __future__ import annotations

import pytest

from tests.long_form import long
from tests.worlds.market import Market
from tests.worlds.ways import WAYS

ROBINHOOD = WAYS["robinhood"]


@pytest.mark.parametrize("seeds", [range(3), long(range(3, 6))])
def test_promises_hold_in_broken_worlds_at_robinhood(market: Market, seeds: range) -> None:
    for seed in seeds:
        story = ROBINHOOD.simulate(ROBINHOOD.draw(seed, market), market)
        again = f"python scripts/bench/worlds.py --broker robinhood --seed {seed}"
        assert not story.violations, "\n".join([*story.lines, f"To see the smallest such world: {again}"])


@pytest.mark.long
def test_a_seed_tells_the_same_story_twice_at_robinhood(market: Market) -> None:
    first, second = (ROBINHOOD.simulate(ROBINHOOD.draw(3, market), market) for _ in range(2))
    assert first.lines == second.lines
    assert first.met == second.met
