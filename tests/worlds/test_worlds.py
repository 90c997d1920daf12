"""Broken worlds, each from its seed, in which every promise has to hold.

`python scripts/bench/worlds.py --seeds 10000` tries many more, and `--seed N` tells the story of one.
"""

from __future__ import annotations

import pytest

from tests.long_form import long
from tests.worlds.drawing import draw
from tests.worlds.market import Market
from tests.worlds.simulate import simulate

CHUNK = 20


@pytest.mark.parametrize("first", [0, long(CHUNK)])
def test_promises_hold_in_broken_worlds(market: Market, first: int) -> None:
    for seed in range(first, first + CHUNK):
        story = simulate(draw(seed, market), market)
        again = f"python scripts/bench/worlds.py --seed {seed}"
        assert not story.violations, "\n".join([*story.lines, f"To see the smallest such world: {again}"])


def test_a_seed_tells_the_same_story_twice(market: Market) -> None:
    for seed in (17,):
        first, second = (simulate(draw(seed, market), market) for _ in range(2))
        assert first.lines == second.lines
        assert first.met == second.met
