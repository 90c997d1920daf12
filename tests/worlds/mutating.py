"""Safeguards that are taken out, one at a time, and the worlds in which a promise breaks without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.worlds.drawing import draw
from tests.worlds.faults import FaultKind
from tests.worlds.market import Market
from tests.worlds.story import Promise
from tests.worlds.trouble import AT_ITS_OWN_DOOR, Odds, Possible
from tests.worlds.ways import Way
from tests.worlds.world import Deed, World

TakesOut = Callable[[pytest.MonkeyPatch], None]
Worlds = Callable[[Market], Iterable[World]]
#: Worlds that are tried before a mutation counts as missed.
SEEDS = 40
#: Deeds that move money alone.
MONEY = (Deed.PAY_IN, Deed.TAKE_OUT)


@dataclass(frozen=True, slots=True)
class Mutation:
    """A safeguard that is taken out, the promise that breaks without it, and the worlds in which to see that."""

    name: str
    takes_out: TakesOut
    promise: Promise
    worlds: Worlds


def rough(
    *kinds: FaultKind,
    fault: float = 0.7,
    first: int = 0,
    possible: Possible = AT_ITS_OWN_DOOR,
    **more: float | tuple[Deed, ...],
) -> Worlds:
    """Worlds in which only this goes wrong, but often.

    first: the seed to begin with, one that is known to show it; the others follow in case that it does no more.
    possible: what the broker of these worlds can do.
    """
    nothing = dict.fromkeys(("missed", "late", "overlap", "hands", "stop", "flag", "skew"), 0.0)
    odds: dict[str, Any] = {"doubled": 0.4, "life": 0.0} | nothing | more
    these = Odds(kinds=kinds, fault=fault if kinds else 0.0, **odds)
    return lambda market: (draw(seed, market, these, possible) for seed in range(first, first + SEEDS))


def assert_needed(mutation: Mutation, market: Market, way: Way) -> None:
    """Without the safeguard its promise breaks in one of the worlds, and with it that world keeps every promise."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        mutation.takes_out(monkeypatch)
        broken = next((world for world in mutation.worlds(market) if _breaks(world, market, way, mutation)), None)
    assert broken is not None, f"no world missed {mutation.name}"
    assert not way.simulate(broken, market).violations, "it broke with the safeguard, too"


def _breaks(world: World, market: Market, way: Way, mutation: Mutation) -> bool:
    return any(violation.promise is mutation.promise for violation in way.simulate(world, market).violations)
