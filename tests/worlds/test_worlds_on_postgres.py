"""A few broken worlds with the ledger on a real PostgreSQL server, which breaks too: the same promises have to hold.

`python scripts/bench/worlds.py --ledger postgresql --seeds 300` tries many more, and `--seed N` tells the story of one.
"""

from __future__ import annotations

import pytest

from tests.fakes.postgres import PostgresServer
from tests.worlds.faults import ON_A_SERVER
from tests.worlds.market import Market
from tests.worlds.on_postgres import on_a_server
from tests.worlds.ways import WAYS, Way


@pytest.fixture(scope="module")
def way(postgres: PostgresServer) -> Way:
    return WAYS["paper"].with_ledger(on_a_server(postgres))


def test_promises_hold_in_broken_worlds_with_a_server(market: Market, way: Way) -> None:
    first, second, again = (way.simulate(way.draw(seed, market), market) for seed in (0, 4, 4))
    for seed, story in ((0, first), (4, second)):
        command = f"python scripts/bench/worlds.py --ledger postgresql --seed {seed}"
        assert not story.violations, "\n".join([*story.lines, f"To see the smallest such world: {command}"])
    assert {kind for kind in ON_A_SERVER if first.met[kind]}, "no fault of a server had an effect"
    assert (second.lines, second.met) == (again.lines, again.met)
