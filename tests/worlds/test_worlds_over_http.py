"""A few broken worlds whose processes trade through Alpaca's adapter, over real HTTP: the same promises have to hold.

`python scripts/bench/worlds.py --broker alpaca --seeds 1000` tries many more, and `--seed N` tells the story of one.
"""

from __future__ import annotations

import pytest

from tests.long_form import long
from tests.worlds.market import Market
from tests.worlds.ways import WAYS

ALPACA = WAYS["alpaca"]
CHUNK = 4


@pytest.mark.parametrize("first", [0, long(CHUNK)])
def test_promises_hold_in_broken_worlds_over_http(market: Market, first: int) -> None:
    for seed in range(first, first + CHUNK):
        story = ALPACA.simulate(ALPACA.draw(seed, market), market)
        again = f"python scripts/bench/worlds.py --broker alpaca --seed {seed}"
        assert not story.violations, "\n".join([*story.lines, f"To see the smallest such world: {again}"])


@pytest.mark.long
def test_a_seed_tells_the_same_story_twice_over_http(market: Market) -> None:
    for seed in (17,):
        first, second = (ALPACA.simulate(ALPACA.draw(seed, market), market) for _ in range(2))
        assert first.lines == second.lines
        assert first.met == second.met
