"""Making a failing world smaller: whatever can go while it still breaks the same promise, goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from tests.worlds.market import Market
from tests.worlds.story import Promise, Story
from tests.worlds.ways import Way
from tests.worlds.world import ByHand, Day, Missed, Overlap, Run, Step, World
from tradebot.brokers.paper import ExchangeRules

T = TypeVar("T")


def shrink(
    world: World, promise: Promise, market: Market, tell: Callable[[World], None], way: Way
) -> tuple[World, Story]:
    """The smallest world that was found to break ``promise``, with its story. ``tell`` hears of each smaller one.

    After a success it goes on where it was, and it ends with a round over everything that nothing came of.
    """
    story, place, in_vain = way.simulate(world, market), 0, 0
    candidates = list(_smaller(world))
    while in_vain < len(candidates):
        candidate = candidates[place % len(candidates)]
        told = way.simulate(candidate, market)
        if any(violation.promise is promise for violation in told.violations[:1]):
            world, story, in_vain = candidate, told, 0
            candidates = list(_smaller(world))
            tell(world)
        else:
            place, in_vain = place + 1, in_vain + 1
    return world, story


def _smaller(world: World) -> Iterator[World]:
    """Worlds with something left out, the largest pieces first."""
    yield from _fewer_days(world)
    yield from _fewer_steps(world)
    for number, day in enumerate(world.days):
        for place, step in enumerate(day.steps):
            for simpler in _simpler(step):
                steps = (*day.steps[:place], simpler, *day.steps[place + 1 :])
                yield _with_day(world, number, replace(day, steps=steps))
    if len(world.scripts) > 1:
        for place in range(len(world.scripts)):
            yield replace(world, scripts=_without(world.scripts, place))
    for place, script in enumerate(world.scripts):
        for symbol in range(len(script.symbols)):
            if len(script.symbols) > 1:
                fewer = replace(script, symbols=_without(script.symbols, symbol))
                yield replace(world, scripts=(*world.scripts[:place], fewer, *world.scripts[place + 1 :]))
    for place in range(len(world.settings)):
        yield replace(world, settings=_without(world.settings, place))
    plain = replace(
        ExchangeRules(),
        start=world.rules.start,
        capabilities=world.rules.capabilities,
        fractions_stay=world.rules.fractions_stay,
    )
    if world.rules != plain:
        yield replace(world, rules=plain)
        yield replace(world, rules=replace(world.rules, max_fill_volume_pct=None))


def _fewer_days(world: World) -> Iterator[World]:
    for count in range(1, len(world.days)):
        yield replace(world, days=world.days[:count])
    for count in range(len(world.days) - 1, 0, -1):
        days = world.days[count:]
        yield replace(world, days=days, rules=replace(world.rules, start=days[0].session))


def _fewer_steps(world: World) -> Iterator[World]:
    for number, day in enumerate(world.days):
        size = len(day.steps)
        while size:
            for first in range(0, len(day.steps), size):
                steps = (*day.steps[:first], *day.steps[first + size :])
                yield _with_day(world, number, replace(day, steps=steps))
            size //= 2


def _simpler(step: Step) -> Iterator[Step]:
    match step:
        case ByHand() | Missed():
            return
        case Overlap(first=first, second=second):
            yield first
            yield replace(second, at=first.at)
            for run in _simpler_run(first):
                yield replace(step, first=run)
            for run in _simpler_run(second):
                yield replace(step, second=run)
        case Run():
            yield from _simpler_run(step)


def _simpler_run(run: Run) -> Iterator[Run]:
    for place, fault in enumerate(run.faults):
        yield replace(run, faults=_without(run.faults, place))
        if fault.times > 1:
            once = replace(fault, times=1)
            yield replace(run, faults=(*run.faults[:place], once, *run.faults[place + 1 :]))
    plain = replace(run, flag=False, skew=0, close=False)
    if plain != run:
        yield plain


def _with_day(world: World, number: int, day: Day) -> World:
    return replace(world, days=(*world.days[:number], day, *world.days[number + 1 :]))


def _without(items: tuple[T, ...], place: int) -> tuple[T, ...]:
    return (*items[:place], *items[place + 1 :])
